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
  /// - Parameter limit: how many at most.
  static func newestRows(
    folder: String, month: UTCMonth, limit: Int
  ) throws(UsageStoreError) -> [UsageRow] {
    let path = path(folder: folder, month: month)
    do {
      let queue = try Schema.openForReading(path)
      let rows = try queue.read { db in
        try Row.fetchAll(
          db, sql: "SELECT * FROM event ORDER BY seq DESC LIMIT ?", arguments: [limit])
      }
      return rows.compactMap(UsageRow.init)
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }
}

extension EventFile {
  /// What the rollups of one file say was spent in a month, by key and by account.
  static func spent(
    in month: UTCMonth, folder: String, file: UTCMonth
  ) throws(UsageStoreError) -> [(LimitScope, PicoEuro)] {
    let path = path(folder: folder, month: file)
    do {
      let rows = try Schema.openForReading(path).read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT hour, account_id, key_id, sum(cost_p) AS cost_p FROM rollup_hour
            WHERE cost_p > 0 GROUP BY hour, account_id, key_id
            """)
      }
      return rows.filter { UTCMonth(wallMilliseconds: $0["hour"] * 3_600_000) == month }
        .flatMap { row in
          let cost = PicoEuro(rawValue: row["cost_p"])
          return [
            (LimitScope.account(AccountID(rawValue: row["account_id"])), cost),
            (LimitScope.key(KeyID(rawValue: row["key_id"])), cost),
          ]
        }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }

  /// The sums of one file, once over its events and once over its rollups: they are equal, or the
  /// ledger is broken.
  static func sums(
    folder: String, month: UTCMonth
  ) throws(UsageStoreError) -> (events: LedgerSums, rollups: LedgerSums) {
    let path = path(folder: folder, month: month)
    do {
      return try Schema.openForReading(path).read { db in
        let units = """
          coalesce(sum(in_tok), 0) AS in_tok, coalesce(sum(cached_tok), 0) AS cached_tok,
          coalesce(sum(out_tok), 0) AS out_tok, coalesce(sum(reason_tok), 0) AS reason_tok,
          coalesce(sum(audio_ms), 0) AS audio_ms, coalesce(sum(cost_p), 0) AS cost_p
          """
        let events = try Row.fetchOne(
          db, sql: "SELECT count(*) AS requests, \(units) FROM event")
        let rollups = try Row.fetchOne(
          db, sql: "SELECT coalesce(sum(requests), 0) AS requests, \(units) FROM rollup_hour")
        return (
          events.map(LedgerSums.init(_:)) ?? LedgerSums(),
          rollups.map(LedgerSums.init(_:)) ?? LedgerSums()
        )
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }
}

extension LedgerSums {
  fileprivate init(_ row: Row) {
    self.init()
    requests = row["requests"]
    usage = TokenUsage(
      promptTokens: row["in_tok"], cachedPromptTokens: row["cached_tok"],
      completionTokens: row["out_tok"], reasoningTokens: row["reason_tok"],
      audioMilliseconds: row["audio_ms"])
    cost = PicoEuro(rawValue: row["cost_p"])
  }
}

extension UsageRow {
  /// The row as it was written, nil where a number in it has no meaning to this version.
  fileprivate init?(_ row: Row) {
    let bytes: Data = row["request_id"]
    guard let id = RequestID(bytes: bytes), let kind = RequestKind(rawValue: row["kind"]),
      let status = RequestStatus(rawValue: row["status"])
    else { return nil }
    self.init(
      requestID: id, startedMilliseconds: row["started_ms"],
      settledMilliseconds: row["settled_ms"], account: AccountID(rawValue: row["account_id"]),
      key: KeyID(rawValue: row["key_id"]), model: ModelID(rawValue: row["model_id"]), kind: kind,
      status: status, httpStatus: row["http"],
      usage: TokenUsage(
        promptTokens: row["in_tok"], cachedPromptTokens: row["cached_tok"],
        completionTokens: row["out_tok"], reasoningTokens: row["reason_tok"],
        audioMilliseconds: row["audio_ms"]),
      firstTokenMicroseconds: row["ttft_us"], latencyMicroseconds: row["latency_us"],
      price: PriceID(rawValue: row["price_id"]), cost: PicoEuro(rawValue: row["cost_p"]),
      isBillable: row["billable"])
  }
}
