// The events of one month, in a file of their own: one writing connection, one transaction a batch.

import GRDB

/// One `events-YYYY-MM.db`.
final class EventFile: Sendable {
  private static let prefix = "events-"
  private static let suffix = ".db"

  private let queue: DatabaseQueue
  private let columns: EventColumns

  /// Opens the month's file, or makes it, with the columns that the profile names.
  init(folder: String, month: UTCMonth, profile: MetadataProfile) throws(UsageStoreError) {
    let path = Self.path(folder: folder, month: month)
    columns = EventColumns(profile)
    do {
      queue = try Schema.events.open(path)
      let hasDropped = try queue.writeIfOpen { [columns] in try columns.conform($0) }
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

  /// Writes rows in one transaction, which is on the disk when this returns. Writing a row a second time
  /// changes nothing.
  func commit(_ rows: some Sequence<UsageRow>) throws(UsageStoreError) {
    do {
      try queue.writeIfOpen { db in
        var writer = try EventWriter(db, columns)
        for row in rows { try writer.write(row) }
        try writer.finish()
      }
    } catch {
      throw UsageStoreError(error, doing: "write usage rows")
    }
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
