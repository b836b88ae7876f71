// Letting go of what its time is over for: events with their whole file, so that nothing of them is
// left on the disk, and the oldest part of the audit trail.

import FoundationEssentials
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How long things are kept, in whole months after the one they belong to. Invoices, payments and
/// rollups stay: the law wants them for longer than any of these.
package struct RetentionPeriods: Hashable, Sendable {
  /// Rows of single requests; at least 2, because a month is billed from them.
  package var eventMonths: Int64 = 13
  /// The audit trail, at least 2.
  package var auditMonths: Int64 = 24
  /// Days for what the metadata profile names of clients: addresses and programs. They go with the rows
  /// of requests at the latest.
  package var clientDays: Int64 = 30
  /// Days for whole addresses; after them the network alone is kept, /24 or /48.
  package var addressDays: Int64 = 7

  /// The defaults.
  package init() {}

  fileprivate var summary: String {
    "events \(eventMonths), audit \(auditMonths) months, clients \(clientDays), addresses "
      + "\(addressDays) days"
  }
}

/// What is over its time.
package struct RetentionPlan: Hashable, Sendable {
  /// Months whose file goes.
  package let months: [UTCMonth]
  /// How many bytes that frees.
  package let bytes: Int64
  /// How many entries of the audit trail go.
  package let auditEntries: Int
  /// Days whose lines about clients go.
  package let days: [CivilDate]
}

extension UsageStore {
  /// How long things are kept.
  package func retentionPeriods() throws(UsageStoreError) -> RetentionPeriods {
    try read(doing: "read how long to keep things", Self.retentionPeriods)
  }

  private static func retentionPeriods(in db: Database) throws -> RetentionPeriods {
    var periods = RetentionPeriods()
    if let row = try Row.fetchOne(db, sql: "SELECT * FROM retention") {
      periods.eventMonths = row["event_months"]
      periods.auditMonths = row["audit_months"]
      periods.clientDays = row["client_days"]
      periods.addressDays = row["address_days"]
    }
    return periods
  }

  /// Says how long things are kept.
  ///
  /// - Throws: ``UsageStoreError``: `invalidLimit` below two months, and for days that are not 1 to 366.
  package func setRetention(_ periods: RetentionPeriods) throws(UsageStoreError) {
    guard [periods.eventMonths, periods.auditMonths].allSatisfy({ (2...1200).contains($0) }) else {
      throw UsageStoreError(
        .invalidLimit, "requests and the audit trail are kept for 2 to 1200 months")
    }
    guard [periods.clientDays, periods.addressDays].allSatisfy({ (1...366).contains($0) }) else {
      throw UsageStoreError(.invalidLimit, "what is known of clients is kept for 1 to 366 days")
    }
    try write(doing: "say how long to keep things") { db in
      let before = try Self.retentionPeriods(in: db)
      try db.execute(
        sql: "INSERT OR REPLACE INTO retention VALUES (1, ?, ?, ?, ?)",
        arguments: [
          periods.eventMonths, periods.auditMonths, periods.clientDays, periods.addressDays,
        ])
      try note(
        "retention.set", "retention", periods.summary,
        change: AuditChange(before.summary, periods.summary), in: db)
    }
  }

  /// What would go now; changes nothing.
  package func retentionPlan() throws(UsageStoreError) -> RetentionPlan {
    let periods = try retentionPeriods()
    let current = UTCMonth(wallMilliseconds: clock.wallMilliseconds())
    var months: [UTCMonth] = []
    for month in try self.months()
    where month.index + periods.eventMonths < current.index {
      // What a central ledger has not been brought yet stays until it was.
      if try isBrought(month) { months.append(month) }
    }
    let auditEnd = try auditEnd(periods)
    let entries = try read(doing: "count the audit trail") {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM audit WHERE at_ms < ?", arguments: [auditEnd])
    }
    return RetentionPlan(
      months: months, bytes: months.flatMap(files(of:)).map(Self.byteCount).reduce(0, +),
      auditEntries: entries ?? 0, days: try personalDays().filter { isOverTime($0, periods) })
  }

  /// Lets go of what is over its time. The rollups of a month are kept before its file is unlinked,
  /// so bills can be recounted.
  ///
  /// - Returns: what went.
  package func runRetention() throws(UsageStoreError) -> RetentionPlan {
    let plan = try retentionPlan()
    _ = try runPersonalRetention()
    let auditEnd = try auditEnd(retentionPeriods())
    for month in plan.months {
      try keepRollups(of: month)
      try keepReceiptRoot(of: month)
      for path in files(of: month) where unlink(path) != 0 && errno != ENOENT {
        throw UsageStoreError(.cannotOpen, "cannot remove '\(path)': check the folder's rights")
      }
    }
    guard !plan.months.isEmpty || plan.auditEntries > 0 || !plan.days.isEmpty else { return plan }
    try write(doing: "let the oldest audit entries go") { db in
      try db.execute(sql: "DELETE FROM audit WHERE at_ms < ?", arguments: [auditEnd])
      try note(
        "retention.run", "retention",
        "\(plan.months.count) months, \(plan.auditEntries) audit entries, \(plan.days.count) days",
        in: db)
    }
    try wipe()
    return plan
  }

  /// Overwrites in `meter.db` what was deleted, and empties the log of it. While another process
  /// reads, the log is emptied the next time.
  func wipe() throws(UsageStoreError) {
    try maintain(doing: "wipe what was deleted") { db in
      try db.execute(sql: "VACUUM")
      _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
  }

  /// Which rows of `rollup_kept` count beside these files: where the process ended between keeping
  /// a month and letting its file go, the month is in both, and the file is whole.
  static func keptCondition(beside files: [UTCMonth]) -> String {
    "month NOT IN (\(files.map { "'\($0)'" }.joined(separator: ",")))"
  }

  /// The rollups of hours whose files were let go.
  ///
  /// - Parameter files: the months that have a file.
  static func keptUsage(
    account: AccountID, hours: Range<Int64>, beside files: [UTCMonth], in db: Database
  ) throws -> [BillableUsage] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT model_id, price_id, coalesce(sum(requests), 0) AS requests, \(LedgerSums.columns)
        FROM rollup_kept WHERE billable = 1 AND account_id = ? AND hour >= ? AND hour < ?
          AND \(keptCondition(beside: files))
        GROUP BY model_id, price_id
        """, arguments: [account.rawValue, hours.lowerBound, hours.upperBound]
    ).map { row in
      BillableUsage(
        model: ModelID(rawValue: row["model_id"]), price: PriceID(rawValue: row["price_id"]),
        sums: LedgerSums(row))
    }
  }

  private func auditEnd(_ periods: RetentionPeriods) throws(UsageStoreError) -> Int64 {
    var month = UTCMonth(wallMilliseconds: clock.wallMilliseconds())
    for _ in 0..<max(0, min(periods.auditMonths, 1200)) { month = month.previous }
    return month.firstHour * 3_600_000
  }

  private func keepRollups(of month: UTCMonth) throws(UsageStoreError) {
    let rows = try EventFile.read(folder: folder, file: month, sql: "SELECT * FROM rollup_hour")
    try write(doing: "keep the rollups of \(month)") { db in
      for row in rows {
        let values = [month.description.databaseValue] + Array(row.databaseValues)
        try db.execute(
          sql:
            "INSERT OR REPLACE INTO rollup_kept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          arguments: StatementArguments(values))
      }
    }
  }

  /// Keeps what the receipts of a month are held against. A tree that cannot be made any more holds
  /// nothing back, least of all where the disk is full.
  private func keepReceiptRoot(of month: UTCMonth) throws(UsageStoreError) {
    guard let (root, count) = try? receiptRoot(of: month) else { return }
    try write(doing: "keep the root over the receipts of \(month)") { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO receipt_root VALUES (?, ?, ?)",
        arguments: [month.description, count, Data(root)])
    }
  }

  /// Whether a month had requests whose rows were let go.
  func wasLetGo(_ month: UTCMonth) throws(UsageStoreError) -> Bool {
    if try months().contains(month) { return false }
    return try read(doing: "look for what was kept of \(month)") {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM rollup_kept WHERE month = ?)",
        arguments: [month.description]) ?? false
    }
  }

  /// What goes of a month, in that order. By the file of events a month is found (`months()`), so it
  /// goes behind all others. Its own journal follows it: without that it might be less than was kept.
  private func files(of month: UTCMonth) -> [String] {
    func files(_ path: String) -> [String] { [path, path + "-wal", path + "-shm"] }
    return files(ProbeFile.path(folder: folder, month: month))
      + ReceiptFile.paths(folder: folder, month: month)
      + files(EventFile.path(folder: folder, month: month))
  }

  private static func byteCount(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }
}
