// Which columns the rows of one month's file have, and the statements that write them.

import GRDB

/// The billing core and what the metadata profile names beside it, in the order of writing.
struct EventColumns: Sendable {
  private static let eventCore = [
    "request_id", "started_ms", "settled_ms", "account_id", "key_id", "model_id", "kind", "in_tok",
    "cached_tok", "out_tok", "reason_tok", "audio_ms", "price_id", "cost_p", "billable",
  ]
  /// What some profile names for rows of usage.
  private static let possible: [MetadataField] = [
    .role, .status, .httpStatus, .firstToken, .latency,
  ]

  /// The columns of a row of usage behind the core.
  let fields: [MetadataField]
  let insertEvent: String

  /// The columns that a profile names.
  init(_ profile: MetadataProfile) {
    fields = profile.eventFields
    insertEvent = Self.insertion("event", Self.eventCore + fields.map(\.rawValue))
  }

  /// Gives the rows of a file exactly these columns.
  ///
  /// - Returns: whether a column was taken away.
  func conform(_ db: Database) throws -> Bool {
    try ProfileColumns.conform("event", to: fields, of: Self.possible, in: db)
  }

  private static func insertion(_ table: String, _ columns: [String]) -> String {
    let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places)) "
      + "ON CONFLICT (request_id) DO NOTHING"
  }
}
