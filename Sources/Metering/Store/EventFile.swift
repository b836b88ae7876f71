// The events of one month, in a file of their own: one writing connection, one transaction a batch.

import GRDB
import Synchronization

/// One `events-YYYY-MM.db`.
final class EventFile: Sendable {
  private static let prefix = "events-"
  private static let suffix = ".db"

  private let queue: DatabaseQueue
  private let columns: EventColumns
  /// Whether something was written and not forced to the disk.
  private let hasNotes = Atomic(false)

  /// Opens the month's file, or makes it, with the columns that the profile names.
  init(folder: String, month: UTCMonth, profile: MetadataProfile) throws(UsageStoreError) {
    let path = Self.path(folder: folder, month: month)
    columns = EventColumns(profile)
    do {
      queue = try Schema.events.open(path)
      let hasDropped = try queue.write { [columns] in try columns.conform($0) }
      if hasDropped { try ProfileColumns.wipe(queue) }
    } catch {
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

  /// Writes the row of a request that begins, in a transaction of its own that is not forced to the
  /// disk: the end of the process takes nothing of it, a power cut may until the next `commit`.
  func note(_ row: OpenRow) throws(UsageStoreError) {
    do {
      try queue.inDatabase { db in
        hasNotes.store(true, ordering: .relaxed)
        try db.setForcing(false)
        defer { try? db.setForcing(true) }
        var opening = try OpeningWriter(db, columns)
        try opening.write(row)
      }
    } catch { throw UsageStoreError(error, doing: "write usage rows") }
  }

  /// Writes a batch in one transaction, which is on the disk when this returns, with everything that was
  /// noted before. Writing an entry a second time changes nothing.
  func commit(_ entries: some Sequence<LedgerEntry>) throws(UsageStoreError) {
    do {
      let hasNewRows = try queue.write { db in
        var writer = try EventWriter(db, columns)
        for entry in entries { try writer.write(entry) }
        return try writer.finish()
      }
      // A transaction that changes no page is not forced, nor what was noted before it.
      if !hasNewRows, hasNotes.load(ordering: .relaxed) {
        try queue.inDatabase { try $0.forceLog() }
      }
      hasNotes.store(false, ordering: .relaxed)
    } catch {
      throw UsageStoreError(error, doing: "write usage rows")
    }
  }

  /// Ends every request that a crash left open: not billable, with what its last checkpoint told.
  func abortOpenRequests(wallMilliseconds: Int64) throws(UsageStoreError) {
    do {
      try queue.write { db in
        var writer = try EventWriter(db, columns)
        for row in try Row.fetchAll(db, sql: "SELECT * FROM open_request") {
          guard let row = UsageRow(crashed: row, wallMilliseconds: wallMilliseconds) else {
            continue
          }
          try writer.write(.settled(row))
        }
        _ = try writer.finish()
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
}
