// The lines of an export, out of the ledger: requests of one account that were settled in one month
// of the billing's time zone, so that they add up to its invoice.

import FoundationEssentials
import GRDB

/// What an export says of where it comes from.
package struct ExportOptions: Sendable {
  /// This node, as a URI reference: the `source` of CloudEvents.
  package var source = "apus"
  /// The customer's id at Stripe; the account's name where it is nil.
  package var customer: String?
  /// Whether names that begin like a formula get an apostrophe in tables, so that a spreadsheet shows
  /// them. Other programs want them as they are.
  package var isForSpreadsheets = false
  /// Whether `cloudevents` has also what is on no invoice: what nobody is charged for, and what was
  /// paid in advance.
  package var includesAll = false

  package init() {}

  /// A name as a cell of a table.
  func cell(_ name: String) -> String { isForSpreadsheets ? name.spreadsheetText : name }
}

extension UsageStore {
  /// Writes an account's month, a line at a time, without line ends.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, also where the rows were let go; and what `write`
  ///   throws.
  package func exportUsage(
    of account: AccountID, month: UTCMonth, as format: UsageExportFormat,
    options: ExportOptions = ExportOptions(), _ write: (String) throws -> Void
  ) throws {
    guard let record = try accounts().first(where: { $0.id == account }) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    // Costs come from the sums, which are kept.
    if format != .focus { try checkRows(of: month) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func line(_ value: some Encodable) throws {
      try write(String(decoding: encoder.encode(value), as: UTF8.self))
    }
    switch format {
    case .csv:
      try write(tableLine(ExportedRequest.CodingKeys.allCases.map(\.rawValue)))
      try eachRequest(of: account, month: month) {
        try write(tableLine($0.cells(options.cell)))
      }
    case .jsonl:
      try eachRequest(of: account, month: month) { try line($0) }
    case .cloudevents:
      try eachRequest(of: account, month: month) { request in
        guard request.isInvoiced || options.includesAll else { return }
        try line(CloudEvent(request, source: options.source, subject: record.name.text))
      }
    case .stripe:
      let customer = options.customer ?? record.name.text
      try eachRequest(of: account, month: month) { request in
        guard request.isInvoiced else { return }
        for (name, count) in request.units {
          try line(StripeMeterEvent(request, unit: name, count: count, customer: customer))
        }
      }
    case .focus:
      try exportCosts(of: record, month: month, name: options.cell, write)
    }
  }

  /// Throws `notFound` where a month's rows were let go: no lines would say that there was nothing.
  func checkRows(of month: UTCMonth) throws(UsageStoreError) {
    guard try wasLetGo(month) else { return }
    throw UsageStoreError(
      .notFound,
      "the requests of \(month) were let go; their sums are kept, for invoices and the format focus"
    )
  }

  /// Requests of an account that were settled in a month and whose rows were let go with another
  /// month's: one in another zone begins and ends in the files beside its own, and a long answer
  /// ends in the month behind the one in which it began.
  package func requestsLetGo(
    of account: AccountID, month: UTCMonth
  ) throws(UsageStoreError) -> Int64 {
    let hours = try billedHours(of: month, account: account)
    let files = try months()
    return try read(doing: "look for what was kept of \(month)") { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(requests), 0) FROM rollup_kept
          WHERE account_id = ? AND hour >= ? AND hour < ? AND \(Self.keptCondition(beside: files))
          """, arguments: [account.rawValue, hours.lowerBound, hours.upperBound]) ?? 0
    }
  }

  /// Every request of an account that was settled in a month, oldest first within each file.
  private func eachRequest(
    of account: AccountID, month: UTCMonth, _ body: (ExportedRequest) throws -> Void
  ) throws {
    let hours = try billedHours(of: month, account: account)
    let keys = Dictionary(uniqueKeysWithValues: try keys().map { ($0.id, "\($0.name)") })
    let models = try modelNames()
    let prepaid = try prepaidHours(of: account)
    for file in try months() where file >= month.previous && file <= month.next {
      let rows = try EventFile.read(
        folder: folder, file: file,
        sql: """
          SELECT * FROM event WHERE account_id = ? AND settled_ms >= ? AND settled_ms < ?
          ORDER BY seq
          """,
        arguments: [
          account.rawValue, hours.lowerBound * 3_600_000, hours.upperBound * 3_600_000,
        ])
      for row in rows.compactMap(UsageRow.init) {
        let hour = row.settledMilliseconds / 3_600_000
        try body(
          ExportedRequest(
            row, key: keys[row.key] ?? "", model: models[row.model]?.text ?? "",
            paid: prepaid.contains { $0.contains(hour) } ? .credit : .invoice))
      }
    }
  }
}

/// A CloudEvents 1.0 envelope in its JSON form.
private struct CloudEvent: Encodable {
  let specversion = "1.0"
  let type = "apus.request.settled"
  let datacontenttype = "application/json"
  let id: String
  let source: String
  let subject: String
  let time: String
  let data: ExportedRequest

  init(_ request: ExportedRequest, source: String, subject: String) {
    id = request.requestID
    self.source = source
    self.subject = subject
    time = request.settledAt
    data = request
  }
}

/// A meter event of Stripe. It takes events of the last 35 days, and drops an identifier that it has
/// seen in the last 24 hours.
private struct StripeMeterEvent: Encodable {
  struct Payload: Encodable {
    let stripe_customer_id: String
    let value: String
  }

  let event_name: String
  let identifier: String
  let timestamp: String
  let payload: Payload

  init(_ request: ExportedRequest, unit: String, count: Int64, customer: String) {
    event_name = "apus_\(unit)"
    identifier = "\(request.requestID)-\(unit)"
    timestamp = request.settledAt
    payload = Payload(stripe_customer_id: customer, value: "\(count)")
  }
}
