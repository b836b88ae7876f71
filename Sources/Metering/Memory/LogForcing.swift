// When SQLite's log goes to the disk: with each transaction, or when somebody says so.

import GRDB
import GRDBSQLite

extension Database {
  /// Pages of the log that are copied into the file at a time.
  static let logPageLimit: Int32 = 8000

  /// Whether transactions that come are forced to the disk. Where they are not they copy no log into the
  /// file either, which would take long.
  func setForcing(_ isForcing: Bool) throws {
    try execute(sql: isForcing ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
    sqlite3_wal_autocheckpoint(sqliteConnection, isForcing ? Self.logPageLimit : 0)
  }

  /// Forces what was written to the log to the disk.
  ///
  /// - Throws: `DatabaseError`.
  func forceLog() throws {
    var log: UnsafeMutablePointer<sqlite3_file>?
    let found = sqlite3_file_control(
      sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
    guard found == SQLITE_OK, let log, let methods = log.pointee.pMethods else { return }
    let code = methods.pointee.xSync(log, SQLITE_SYNC_FULL)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }
}
