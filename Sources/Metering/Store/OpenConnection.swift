// Reading and writing where the file may have been closed meanwhile, as a report may still run when its
// server has ended.

import GRDB

/// A file that was closed.
struct ClosedConnection: Error {}

extension Database {
  /// GRDB asks SQLite about a connection before it looks whether there is one, which SQLite does not bear.
  private func checkOpen() throws {
    if sqliteConnection == nil { throw ClosedConnection() }
  }

  fileprivate func reading<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try checkOpen()
    var result: Result?
    try readOnly {
      try inSavepoint {
        result = try body(self)
        return .commit
      }
    }
    return result!
  }

  fileprivate func writing<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try checkOpen()
    var result: Result?
    try inTransaction {
      result = try body(self)
      return .commit
    }
    return result!
  }
}

extension DatabaseQueue {
  /// As `read`; throws `ClosedConnection` after `close`.
  func readIfOpen<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try inDatabase { try $0.reading(body) }
  }

  /// As `write`; throws `ClosedConnection` after `close`.
  func writeIfOpen<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try inDatabase { try $0.writing(body) }
  }
}
