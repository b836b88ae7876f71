// The events of one month, in a file of their own: one writing connection, one transaction a batch.

import GRDB

/// One `events-YYYY-MM.db`.
final class EventFile: Sendable {
  private static let prefix = "events-"
  private static let suffix = ".db"

  private let queue: DatabaseQueue

  /// Opens the month's file, or makes it.
  init(folder: String, month: UTCMonth) throws(UsageStoreError) {
    let path = Self.path(folder: folder, month: month)
    do { queue = try Schema.events.open(path) } catch {
      throw UsageStoreError(error, doing: "open '\(path)'")
    }
  }

  /// Where a month's events stand.
  static func path(folder: String, month: UTCMonth) -> String {
    "\(folder)/\(prefix)\(month)\(suffix)"
  }

  /// The month whose events a file of this name holds, nil for other files.
  static func month(fileName: String) -> UTCMonth? {
    guard fileName.hasPrefix(prefix), fileName.hasSuffix(suffix) else { return nil }
    return UTCMonth(fileName.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// Writes a batch in one transaction, which is on the disk when this returns. Writing an entry a
  /// second time changes nothing.
  func commit(_ entries: some Sequence<LedgerEntry>) throws(UsageStoreError) {
    do {
      try queue.write { db in
        for entry in entries { try Self.write(entry, to: db) }
      }
    } catch {
      throw UsageStoreError(error, doing: "write usage rows")
    }
  }

  /// Ends every request that a crash left open: not billable, with what its last checkpoint told.
  func abortOpenRequests(wallMilliseconds: Int64) throws(UsageStoreError) {
    do {
      try queue.write { db in
        try db.execute(
          sql: """
            INSERT INTO event (request_id, started_ms, settled_ms, account_id, key_id, model_id,
              kind, status, http, in_tok, cached_tok, out_tok, reason_tok, audio_ms, latency_us,
              price_id, cost_p, billable)
            SELECT request_id, started_ms, ?, account_id, key_id, model_id, kind, ?, 0, in_tok, 0,
              out_ckpt, 0, 0, 0, price_id, 0, 0
            FROM open_request WHERE true ON CONFLICT (request_id) DO NOTHING
            """, arguments: [wallMilliseconds, RequestStatus.abortedByCrash.rawValue])
        try db.execute(sql: "DELETE FROM open_request")
      }
    } catch {
      throw UsageStoreError(error, doing: "end the requests that a crash left open")
    }
  }

  /// How many requests are open in this file.
  func openCount() throws(UsageStoreError) -> Int {
    do {
      return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM open_request") ?? 0 }
    } catch { throw UsageStoreError(error, doing: "count open requests") }
  }

  /// The journal's mode and the level of `synchronous` of the writing connection.
  func settings() throws(UsageStoreError) -> (journalMode: String, synchronous: Int) {
    do {
      return try queue.inDatabase { db in
        (
          try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "",
          try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0
        )
      }
    } catch { throw UsageStoreError(error, doing: "read the settings of a file of events") }
  }

  /// Closes the file; what was committed is in it.
  func close() throws(UsageStoreError) {
    do { try queue.close() } catch { throw UsageStoreError(error, doing: "close a file of events") }
  }

  private static func write(_ entry: LedgerEntry, to db: Database) throws {
    switch entry {
    case .opened(let row):
      try db.cachedStatement(
        sql: """
          INSERT INTO open_request (request_id, started_ms, account_id, key_id, model_id, kind,
            price_id, in_tok, reserved_tok, out_ckpt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
          ON CONFLICT (request_id) DO NOTHING
          """
      ).execute(arguments: [
        row.requestID.data, row.startedMilliseconds, row.account.rawValue, row.key.rawValue,
        row.model.rawValue, row.kind.rawValue, row.price.rawValue, row.promptTokens,
        row.reservedTokens,
      ])
    case .progressed(let id, _, let completionTokens):
      try db.cachedStatement(sql: "UPDATE open_request SET out_ckpt = ? WHERE request_id = ?")
        .execute(arguments: [completionTokens, id.data])
    case .settled(let row):
      try db.cachedStatement(sql: "DELETE FROM open_request WHERE request_id = ?")
        .execute(arguments: [row.requestID.data])
      try db.cachedStatement(
        sql: """
          INSERT INTO event (request_id, started_ms, settled_ms, account_id, key_id, model_id,
            kind, status, http, in_tok, cached_tok, out_tok, reason_tok, audio_ms, ttft_us,
            latency_us, price_id, cost_p, billable)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (request_id) DO NOTHING
          """
      ).execute(arguments: [
        row.requestID.data, row.startedMilliseconds, row.settledMilliseconds,
        row.account.rawValue, row.key.rawValue, row.model.rawValue, row.kind.rawValue,
        row.status.rawValue, row.httpStatus, row.usage.promptTokens,
        row.usage.cachedPromptTokens, row.usage.completionTokens, row.usage.reasoningTokens,
        row.usage.audioMilliseconds, row.firstTokenMicroseconds, row.latencyMicroseconds,
        row.price.rawValue, row.cost.rawValue, row.isBillable,
      ])
    }
  }
}
