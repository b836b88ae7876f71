// What the events of one file come to, out of its hourly rollups.

import GRDB

extension EventFile {
  /// What the rollups of one file say was spent in a month, by key and by account.
  static func spent(
    in month: UTCMonth, folder: String, file: UTCMonth
  ) throws(UsageStoreError) -> [(LimitScope, PicoEuro)] {
    try read(
      folder: folder, file: file,
      sql: """
        SELECT account_id, key_id, sum(cost_p) AS cost_p FROM rollup_hour
        WHERE hour >= ? AND hour < ? AND cost_p > 0 GROUP BY account_id, key_id
        """, arguments: [month.firstHour, month.next.firstHour]
    ).flatMap { row in
      let cost = PicoEuro(rawValue: row["cost_p"])
      return [
        (LimitScope.account(AccountID(rawValue: row["account_id"])), cost),
        (LimitScope.key(KeyID(rawValue: row["key_id"])), cost),
      ]
    }
  }

  /// What the rollups of one file say an account is charged for in these hours. Hour by hour: each is
  /// found by the key of the table, whoever else there is in it.
  static func billableUsage(
    account: AccountID, hours: Range<Int64>, folder: String, file: UTCMonth
  ) throws(UsageStoreError) -> [BillableUsage] {
    if hours.isEmpty { return [] }
    return try read(
      folder: folder, file: file,
      sql: """
        WITH RECURSIVE span (at) AS (
          SELECT ? UNION ALL SELECT at + 1 FROM span WHERE at + 1 < ?)
        SELECT model_id, price_id, coalesce(sum(requests), 0) AS requests, \(LedgerSums.columns)
        FROM span CROSS JOIN rollup_hour ON hour = at AND account_id = ?
        WHERE billable = 1 GROUP BY model_id, price_id
        """, arguments: [hours.lowerBound, hours.upperBound, account.rawValue]
    ).map { row in
      BillableUsage(
        model: ModelID(rawValue: row["model_id"]), price: PriceID(rawValue: row["price_id"]),
        sums: LedgerSums(row))
    }
  }

  /// The sums of one file, once over its events and once over its rollups: they are equal, or the
  /// ledger is broken.
  static func sums(
    folder: String, file: UTCMonth
  ) throws(UsageStoreError) -> (events: LedgerSums, rollups: LedgerSums) {
    let path = path(folder: folder, month: file)
    do {
      // In one reading transaction, so that a row which is written meanwhile counts in both or neither.
      return try Schema.openForReading(path).read { db in
        func sums(_ sql: String) throws -> LedgerSums {
          try Row.fetchOne(db, sql: sql).map(LedgerSums.init(_:)) ?? LedgerSums()
        }
        return (
          try sums("SELECT count(*) AS requests, \(LedgerSums.columns) FROM event"),
          try sums(
            "SELECT coalesce(sum(requests), 0) AS requests, \(LedgerSums.columns) FROM rollup_hour")
        )
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }

  /// Rows of a file of events, read through a connection of their own.
  static func read(
    folder: String, file: UTCMonth, sql: String, arguments: StatementArguments = []
  ) throws(UsageStoreError) -> [Row] {
    let path = path(folder: folder, month: file)
    do {
      return try Schema.openForReading(path).read {
        try Row.fetchAll($0, sql: sql, arguments: arguments)
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }
}
