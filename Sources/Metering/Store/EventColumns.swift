// Which columns the rows of one month's file have, and the statements that write them.

import GRDB

/// The billing core and what the metadata profile names beside it, in the order of writing.
struct EventColumns: Sendable {
  private static let openCore = [
    "request_id", "started_ms", "account_id", "key_id", "model_id", "kind", "price_id", "in_tok",
    "reserved_tok", "out_ckpt",
  ]
  private static let eventCore = [
    "request_id", "started_ms", "settled_ms", "account_id", "key_id", "model_id", "kind", "in_tok",
    "cached_tok", "out_tok", "reason_tok", "audio_ms", "price_id", "cost_p", "billable",
  ]
  /// What some profile names for rows of usage, and what is known of it when a request begins.
  private static let possible: [MetadataField] = [
    .role, .status, .httpStatus, .firstToken, .latency,
  ]
  private static let possibleAtOpening: [MetadataField] = [.role]

  /// The columns of a row of usage behind the core.
  let fields: [MetadataField]
  /// The columns of an open request behind its own.
  let openFields: [MetadataField]
  let insertOpen: String
  let insertEvent: String

  /// The columns that a profile names.
  init(_ profile: MetadataProfile) {
    fields = profile.eventFields
    openFields = fields.filter(Self.possibleAtOpening.contains)
    insertOpen = Self.insertion("open_request", Self.openCore + openFields.map(\.rawValue))
    insertEvent = Self.insertion("event", Self.eventCore + fields.map(\.rawValue))
  }

  /// Gives the tables of a file exactly these columns.
  ///
  /// - Returns: whether a column was taken away.
  func conform(_ db: Database) throws -> Bool {
    let ofOpen = try ProfileColumns.conform(
      "open_request", to: openFields, of: Self.possibleAtOpening, in: db)
    let ofEvents = try ProfileColumns.conform("event", to: fields, of: Self.possible, in: db)
    return ofOpen || ofEvents
  }

  private static func insertion(_ table: String, _ columns: [String]) -> String {
    let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places)) "
      + "ON CONFLICT (request_id) DO NOTHING"
  }
}
