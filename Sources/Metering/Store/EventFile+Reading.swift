// Usage rows as they come back from the disk.

import FoundationEssentials
import GRDB

extension RequestID {
  /// The id as a value of the database.
  var data: Data { Data(bytes) }
}

extension EventFile {
  /// The newest rows of a month's file, newest first, read through a connection of their own.
  ///
  /// - Parameters:
  ///   - account: whose; nil for all.
  ///   - limit: how many at most.
  static func newestRows(
    folder: String, month: UTCMonth, account: AccountID?, limit: Int
  ) throws(UsageStoreError) -> [UsageRow] {
    let path = path(folder: folder, month: month)
    do {
      let queue = try Schema.openForReading(path)
      let rows = try queue.readIfOpen { db in
        try Row.fetchAll(
          db,
          sql: "SELECT * FROM event \(account == nil ? "" : "WHERE account_id = ?") "
            + "ORDER BY seq DESC LIMIT ?",
          arguments: StatementArguments([account?.rawValue].compactMap { $0 } + [Int64(limit)]))
      }
      return rows.compactMap(UsageRow.init)
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }
}

extension EventFile {
  /// The row of one request, nil where its month's file has none.
  static func row(of request: RequestID, folder: String) throws(UsageStoreError) -> UsageRow? {
    try read(
      folder: folder, file: request.month, sql: "SELECT * FROM event WHERE request_id = ?",
      arguments: [request.data]
    ).first.flatMap(UsageRow.init)
  }
}

extension UsageRow {
  /// The row as it was written, nil where a number in it has no meaning to this version.
  init?(_ row: Row) {
    let bytes: Data = row["request_id"]
    guard let id = RequestID(bytes: bytes), let kind = RequestKind(rawValue: row["kind"])
    else { return nil }
    let field = { (field: MetadataField) -> Int64? in row[field.rawValue] }
    self.init(
      requestID: id, startedMilliseconds: row["started_ms"],
      settledMilliseconds: row["settled_ms"], account: AccountID(rawValue: row["account_id"]),
      key: KeyID(rawValue: row["key_id"]), model: ModelID(rawValue: row["model_id"]), kind: kind,
      status: field(.status).flatMap(RequestStatus.init(rawValue:)), httpStatus: field(.httpStatus),
      usage: TokenUsage(
        promptTokens: row["in_tok"], cachedPromptTokens: row["cached_tok"],
        completionTokens: row["out_tok"], reasoningTokens: row["reason_tok"],
        audioMilliseconds: row["audio_ms"]),
      firstTokenMicroseconds: field(.firstToken), latencyMicroseconds: field(.latency),
      price: PriceID(rawValue: row["price_id"]), cost: PicoEuro(rawValue: row["cost_p"]),
      isBillable: row["billable"],
      role: field(.role).flatMap(KeyRole.init(rawValue:)))
  }

  /// What became of an open request whose process is gone: its prompt and its last checkpoint, charged
  /// to nobody.
  init(crashed record: OpeningRecord, wallMilliseconds: Int64) {
    self.init(
      requestID: record.requestID, startedMilliseconds: record.startedMilliseconds,
      settledMilliseconds: wallMilliseconds, account: record.account, key: record.key,
      model: record.model, kind: record.kind, status: .abortedByCrash, httpStatus: 0,
      usage: TokenUsage(
        promptTokens: record.promptTokens, completionTokens: record.completionTokens),
      firstTokenMicroseconds: nil, latencyMicroseconds: 0, price: record.price, cost: .zero,
      isBillable: false, role: record.role)
  }
}
