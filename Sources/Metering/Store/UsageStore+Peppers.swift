// Which peppers there are, which keys need them, and the next one.

import GRDB

/// A pepper as an operator sees it.
package struct PepperUse: Hashable, Sendable {
  package let id: Int64
  /// API keys that were made with it and are not revoked.
  package let keys: Int
  /// Whether new keys are made with it.
  package let isNewest: Bool
}

extension UsageStore {
  /// Reads the peppers from the disk: another process may have made one.
  func peppers() throws(UsageStoreError) -> Peppers {
    try Peppers(pepperPlace, needed: read(doing: "read the keys", Self.neededPeppers))
  }

  /// Those that keys which are not revoked were made with.
  static func neededPeppers(in db: Database) throws -> Set<Int64> {
    try Int64.fetchSet(
      db, sql: "SELECT DISTINCT pepper_id FROM api_key WHERE state = ?",
      arguments: [KeyState.active.rawValue])
  }

  /// All peppers with the keys that need them, the newest first.
  package func pepperUse() throws(UsageStoreError) -> [PepperUse] {
    let peppers = try peppers()
    let counts = try read(doing: "count the keys of peppers") { db in
      try Row.fetchAll(
        db, sql: "SELECT pepper_id, count(*) AS keys FROM api_key WHERE state = ? GROUP BY 1",
        arguments: [KeyState.active.rawValue]
      ).reduce(into: [Int64: Int]()) { $0[$1["pepper_id"]] = $1["keys"] }
    }
    return peppers.all.map {
      PepperUse(id: $0.id, keys: counts[$0.id] ?? 0, isNewest: $0.id == peppers.newest.id)
    }
  }

  /// Makes a pepper that new keys are made with from now on. Keys of before go on with theirs.
  package func makePepper() throws(UsageStoreError) -> Int64 {
    // One process at a time: of two that make one, the second makes the one after it.
    try write(doing: "make a pepper") { db in
      let peppers = try Peppers(pepperPlace, needed: Self.neededPeppers(in: db))
      let next = try peppers.makeNext(in: pepperPlace)
      try note("pepper.new", "pepper \(next.id)", in: db)
      return next.id
    }
  }
}
