// The tree over a month's receipts, kept beside the month's events so that a receipt costs a few
// look-ups and not the whole month. All of it follows from the events: it may be lost, and goes when
// they go.

import FoundationEssentials
import GRDB

/// One `receipts-YYYY-MM.db`.
struct ReceiptFile {
  /// A receipt's place in the tree.
  struct Leaf {
    let index: Int
    /// The hash of the account's receipt before it; nil for the first.
    let previous: [UInt8]?
  }

  private static let schema = Schema(steps: [
    """
    CREATE TABLE leaf (
      place INTEGER PRIMARY KEY,
      seq INTEGER NOT NULL UNIQUE,
      previous INTEGER REFERENCES leaf (place)
    ) STRICT;
    CREATE TABLE node (
      level INTEGER NOT NULL,
      place INTEGER NOT NULL,
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      PRIMARY KEY (level, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE newest (
      account_id INTEGER PRIMARY KEY,
      place INTEGER NOT NULL REFERENCES leaf (place)
    ) STRICT;
    """
  ])
  /// Rows that one transaction takes in.
  private static let step = 4096

  private let queue: DatabaseQueue

  /// Opens the month's file, or makes it.
  init(folder: String, month: UTCMonth) throws {
    queue = try Self.schema.open(Self.path(folder: folder, month: month))
  }

  /// Where the tree of a month stands.
  static func path(folder: String, month: UTCMonth) -> String {
    "\(folder)/receipts-\(month).db"
  }

  /// All files of a month.
  static func paths(folder: String, month: UTCMonth) -> [String] {
    ["", "-wal", "-shm"].map { path(folder: folder, month: month) + $0 }
  }

  /// The number of the newest event in it, and of leaves.
  func end() throws -> (seq: Int64, count: Int) { try queue.readIfOpen(Self.end) }

  /// Takes in events that are newer than all it has, in their order. What another process took in
  /// meanwhile is left as it is.
  ///
  /// - Parameter body: what the receipt of a row says, given the hash of the one before of its account.
  func append(
    _ events: [(seq: Int64, row: UsageRow)], _ body: (UsageRow, [UInt8]?) throws -> Receipt.Body
  ) throws {
    var rest = events[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.step)
      rest = rest.dropFirst(part.count)
      try queue.writeIfOpen { db in
        var (last, count) = try Self.end(db)
        for (seq, row) in part where seq > last {
          let account = row.account.rawValue
          let previous = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT place FROM newest WHERE account_id = ?"),
            arguments: [account])
          let hash = MerkleTree.leaf(
            try body(row, previous.map { try Self.hash(.init(level: 0, place: $0), in: db) })
              .bytes())
          try db.cachedStatement(sql: "INSERT INTO leaf VALUES (?, ?, ?)")
            .execute(arguments: [count, seq, previous])
          let nodes = try MerkleTree.completed(by: hash, at: count) { try Self.hash($0, in: db) }
          for (place, hash) in nodes {
            try db.cachedStatement(sql: "INSERT INTO node VALUES (?, ?, ?)")
              .execute(arguments: [place.level, place.place, Data(hash)])
          }
          try db.cachedStatement(sql: "INSERT OR REPLACE INTO newest VALUES (?, ?)")
            .execute(arguments: [account, count])
          (last, count) = (seq, count + 1)
        }
      }
    }
  }

  /// The place of an event's receipt; nil where the event is not in it.
  func leaf(seq: Int64) throws -> Leaf? {
    try queue.readIfOpen { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT place, previous FROM leaf WHERE seq = ?", arguments: [seq])
      return try row.map { row in
        Leaf(
          index: row["place"],
          previous: try (row["previous"] as Int?).map {
            try Self.hash(.init(level: 0, place: $0), in: db)
          })
      }
    }
  }

  /// The hash of a leaf.
  func hash(of leaf: Leaf) throws -> [UInt8] {
    try queue.readIfOpen { try Self.hash(.init(level: 0, place: leaf.index), in: $0) }
  }

  /// The root over the first `count` leaves.
  func root(count: Int) throws -> [UInt8] {
    try queue.readIfOpen { db in try MerkleTree.root(count: count) { try Self.hash($0, in: db) } }
  }

  /// The hashes beside the way from a leaf to that root.
  func path(to leaf: Leaf, count: Int) throws -> [[UInt8]] {
    try queue.readIfOpen { db in
      try MerkleTree.path(to: leaf.index, count: count) { try Self.hash($0, in: db) }
    }
  }

  /// Closes the file.
  func close() { try? queue.close() }

  private static func end(_ db: Database) throws -> (seq: Int64, count: Int) {
    let row = try Row.fetchOne(db, sql: "SELECT place, seq FROM leaf ORDER BY place DESC")
    return row.map { ($0["seq"], ($0["place"] as Int) + 1) } ?? (0, 0)
  }

  private static func hash(_ place: MerkleTree.Place, in db: Database) throws -> [UInt8] {
    let hash = try Data.fetchOne(
      db.cachedStatement(sql: "SELECT hash FROM node WHERE level = ? AND place = ?"),
      arguments: [place.level, place.place])
    guard let hash else {
      throw UsageStoreError(.inputOutput, "a node of the tree over receipts is missing")
    }
    return [UInt8](hash)
  }
}
