// A node's month files as its outbox: what is in them goes to the central ledger in the order in
// which it was written, and a mark in `meter.db` says how far that has come.
//
// The mark is moved after the ledger has taken a batch. Whoever dies between the two brings the
// batch again, and the ledger knows every request by its id.

import FoundationEssentials
import GRDB

/// Brings one node's events to a central ledger. One at a time, like the node itself.
package struct Outbox: Sendable {
  /// Events of one batch.
  private static let batchCount: Int64 = 1000

  private let store: UsageStore
  private let ledger: any CentralLedger
  private let node: ShortName

  /// - Parameter node: the name that the ledger knows this node by.
  package init(store: UsageStore, ledger: any CentralLedger, node: ShortName) {
    self.store = store
    self.ledger = ledger
    self.node = node
  }

  /// Brings everything that is not there yet.
  ///
  /// - Returns: how many events the ledger did not have.
  /// - Throws: ``CentralLedgerError``, ``UsageStoreError``. What was brought before stays there.
  package func push() throws -> Int {
    var count = 0
    let names = try Names(store)
    for month in try store.months() {
      while true {
        let mark = try store.outboxMark(of: month)
        let rows = try store.events(of: month, after: mark, limit: Self.batchCount)
        guard let last = rows.last else { break }
        count += try ledger.push(rows.map { names.event($0.row) }, node: node)
        try store.setOutboxMark(last.number, of: month)
      }
    }
    return count
  }

  /// What row numbers stand for.
  private struct Names {
    private let accounts: [AccountID: ShortName]
    private let keys: [KeyID: KeyName]
    private let models: [ModelID: ShortName]

    init(_ store: UsageStore) throws(UsageStoreError) {
      accounts = Dictionary(uniqueKeysWithValues: try store.accounts().map { ($0.id, $0.name) })
      keys = Dictionary(uniqueKeysWithValues: try store.keys().map { ($0.id, $0.name) })
      models = try store.modelNames()
    }

    func event(_ row: UsageRow) -> CentralEvent {
      CentralEvent(
        row: row, account: accounts[row.account]?.text ?? "",
        key: keys[row.key]?.description ?? "", model: models[row.model]?.text ?? "")
    }
  }
}

extension UsageStore {
  /// How many events of this folder a central ledger has not been brought yet.
  package func outboxCount() throws(UsageStoreError) -> Int {
    var count = 0
    for month in try months() {
      count +=
        try EventFile.read(
          folder: folder, file: month, sql: "SELECT count(*) AS n FROM event WHERE seq > ?",
          arguments: [outboxMark(of: month)]
        ).first.map { $0["n"] } ?? 0
    }
    return count
  }

  /// Whether a month's file may go as far as a central ledger is concerned: where there is one, it
  /// has everything.
  func isBrought(_ month: UTCMonth) throws(UsageStoreError) -> Bool {
    let isUsed = try read(doing: "read how far events were brought") {
      try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM outbox)") ?? false
    }
    guard isUsed else { return true }
    return try events(of: month, after: outboxMark(of: month), limit: 1).isEmpty
  }

  /// The number of the last event of a month that was brought; 0 where none was.
  fileprivate func outboxMark(of month: UTCMonth) throws(UsageStoreError) -> Int64 {
    try read(doing: "read how far events were brought") {
      try Int64.fetchOne(
        $0, sql: "SELECT pushed_seq FROM outbox WHERE month = ?", arguments: [month.description])
        ?? 0
    }
  }

  fileprivate func setOutboxMark(_ number: Int64, of month: UTCMonth) throws(UsageStoreError) {
    try write(doing: "note how far events were brought") { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO outbox VALUES (?, ?)",
        arguments: [month.description, number])
    }
  }

  /// Events of a month in the order in which they were written.
  fileprivate func events(
    of month: UTCMonth, after number: Int64, limit: Int64
  ) throws(UsageStoreError) -> [(number: Int64, row: UsageRow)] {
    try EventFile.read(
      folder: folder, file: month,
      sql: "SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", arguments: [number, limit]
    ).compactMap { row in UsageRow(row).map { (row["seq"], $0) } }
  }
}
