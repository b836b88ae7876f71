// A prepared statement that takes integers and ids as they are. GRDB's arguments are boxed values,
// which at ten thousand requests a second cost more than the rows themselves.

import GRDB
import GRDBSQLite

/// A statement of one connection, for the length of one transaction on it.
struct BoundStatement {
  private let statement: OpaquePointer
  private let connection: OpaquePointer?
  private var place: Int32 = 0

  /// The statement of this text, prepared once a connection.
  init(_ db: Database, sql: String) throws {
    statement = try db.cachedStatement(sql: sql).sqliteStatement
    connection = db.sqliteConnection
  }

  /// Binds the next parameter.
  mutating func bind(_ value: Int64) {
    place += 1
    sqlite3_bind_int64(statement, place, value)
  }

  /// Binds the next parameter, NULL where there is none.
  mutating func bind(_ value: Int64?) {
    guard let value else {
      place += 1
      sqlite3_bind_null(statement, place)
      return
    }
    bind(value)
  }

  /// Binds the 16 bytes of an id to the next parameter; SQLite copies them.
  mutating func bind(_ id: RequestID) {
    place += 1
    withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { bytes in
      let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      _ = sqlite3_bind_blob(statement, place, bytes.baseAddress, 16, copied)
    }
  }

  /// Runs the statement with what was bound, and gives how many rows it changed.
  ///
  /// - Throws: `DatabaseError`.
  @discardableResult
  mutating func run() throws -> Int {
    place = 0
    let code = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard code == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code))
    }
    return Int(sqlite3_changes(connection))
  }
}
