// Keys that took each other's place count as one: what the first of them may spend and ask for is what
// all of them may. Otherwise whoever holds a key would get a fresh limit by replacing it.

import GRDB

/// The first key of all that took another's place.
struct KeyChains {
  private let firsts: [Int64: Int64]

  /// Reads all of them.
  init(_ db: Database) throws {
    var firsts: [Int64: Int64] = [:]
    // A key is younger than the one whose place it took, so that one's first is known.
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT id, rotated_from FROM api_key WHERE rotated_from IS NOT NULL ORDER BY id")
    while let row = try rows.next() {
      let old: Int64 = row["rotated_from"]
      firsts[row["id"]] = firsts[old] ?? old
    }
    self.firsts = firsts
  }

  /// The first of the keys that led to this one; the key itself where it took nobody's place.
  func first(of key: KeyID) -> KeyID { KeyID(rawValue: firsts[key.rawValue] ?? key.rawValue) }

  /// Where money of a scope counts.
  func scope(_ scope: LimitScope) -> LimitScope {
    if case .key(let key) = scope { .key(first(of: key)) } else { scope }
  }

  /// The row numbers of a first key and all that followed it, oldest first.
  func numbers(from first: KeyID) -> [Int64] {
    [first.rawValue] + firsts.filter { $0.value == first.rawValue }.keys.sorted()
  }
}
