// Gives a table the columns that the metadata profile names beside those that it always has, and
// takes away what the profile does not name: from the rows, and from the bytes of the file.

import GRDB

enum ProfileColumns {
  /// Makes the optional columns of a table exactly these.
  ///
  /// - Parameters:
  ///   - wanted: the columns there are to be.
  ///   - possible: the columns that any profile names for this table.
  /// - Returns: whether a column was taken away.
  static func conform(
    _ table: String, to wanted: [MetadataField], of possible: [MetadataField], in db: Database
  ) throws -> Bool {
    let existing = Set(try db.columns(in: table).map(\.name))
    var hasDropped = false
    for field in possible {
      switch (existing.contains(field.rawValue), wanted.contains(field)) {
      case (true, false):
        try db.execute(sql: "ALTER TABLE \(table) DROP COLUMN \(field.rawValue)")
        hasDropped = true
      case (false, true):
        try db.execute(sql: "ALTER TABLE \(table) ADD COLUMN \(field.rawValue) \(type(of: field))")
      default: break
      }
    }
    return hasDropped
  }

  /// Overwrites what was deleted in a file and empties its log.
  static func wipe(_ queue: DatabaseQueue) throws {
    try queue.inDatabase { db in
      try db.execute(sql: "VACUUM")
      _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
  }

  private static func type(of field: MetadataField) -> String {
    switch field {
    case .address, .agent: "TEXT CHECK (length(\(field.rawValue)) BETWEEN 1 AND 45)"
    default: "INTEGER"
    }
  }
}
