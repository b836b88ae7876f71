// Keys that are taken back, and those that took their place: whoever holds a key that leaked may
// have replaced it first.

import GRDB

/// What became of a key that was taken back, and of those that came behind it.
package struct KeyRevocation: Sendable {
  /// The key, as it was before.
  package let key: KeyRecord
  /// Keys that took its place, one after the other, and were revoked with it; oldest first.
  package let revoked: [KeyName]
  /// Keys that took its place and still work; oldest first.
  package let living: [KeyName]
}

extension UsageStore {
  /// Names that a notice lists; beyond them it says how many there are.
  private static let mostNamesInNotice = 50

  /// Makes a key useless for ever. Revoking one a second time changes nothing.
  ///
  /// - Parameter withSuccessors: whether keys that took its place go with it.
  /// - Throws: ``UsageStoreError`` with the code `notFound` where no key has this name.
  @discardableResult
  package func revokeKey(
    _ name: KeyName, withSuccessors: Bool = false
  ) throws(UsageStoreError) -> KeyRevocation {
    try write(doing: "revoke a key") { db in
      try revoke(name, withSuccessors: withSuccessors, detail: "", in: db)
    }
  }

  /// Revokes a key that somebody found where it should not be, and the keys that took its place:
  /// who found it first may have made them. Whoever has the whole key may do so; its public name
  /// alone is not enough. The account's owners are told.
  ///
  /// - Returns: what was revoked, nil where the text is no key of this server.
  package func reportLeak(_ text: String) throws(UsageStoreError) -> KeyRevocation? {
    guard let key = APIKey(text) else { return nil }
    let table = KeyTable(try keys(), peppers: try peppers())
    guard let record = table.record(of: key) else { return nil }
    return try write(doing: "revoke a key") { db in
      let done = try revoke(
        record.name, withSuccessors: true, detail: "reported as leaked", in: db)
      // Whoever found it may say so again: its owners were told.
      if done.key.state == .revoked && done.revoked.isEmpty { return done }
      var body =
        "Your API key \(record.name) (\(record.label)) was found where it should not be, and "
        + "was revoked."
      if !done.revoked.isEmpty {
        body +=
          " So were the keys that took its place, which whoever found it may have made: "
          + Self.list(done.revoked) + "."
      }
      _ = try publishNotice(
        title: "API key \(record.name) was revoked", body: body + " Please make a new one.",
        to: record.account, in: db)
      return done
    }
  }

  /// Tells an account's owners that a key was replaced with a call of the API, as a part of the
  /// transaction that replaces it.
  func tellOfRotation(
    _ old: KeyRecord, to new: KeyName, by caller: KeyName, in db: Database
  ) throws {
    _ = try publishNotice(
      title: "API key \(old.name) was replaced",
      body: "Key \(new) has taken the place of your API key \(old.name) (\(old.label)). It was "
        + "made with a call of the API by the holder of key \(caller). If that was none of yours, "
        + "report key \(old.name) as leaked: this revokes both.",
      to: old.account, in: db)
  }

  /// Revokes a key as a part of a transaction, alone or with those behind it.
  private func revoke(
    _ name: KeyName, withSuccessors: Bool, detail: String, in db: Database
  ) throws -> KeyRevocation {
    let key = try Self.record(KeyID(rawValue: Self.keyNumber(name, in: db)), in: db)
    let living = try livingSuccessors(of: key.id, in: db)
    try revoke(name, from: key.state, detail: detail, in: db)
    guard withSuccessors else { return KeyRevocation(key: key, revoked: [], living: living) }
    for successor in living {
      try revoke(successor, from: .active, detail: "it came from key \(name)", in: db)
    }
    return KeyRevocation(key: key, revoked: living, living: [])
  }

  private func revoke(
    _ name: KeyName, from before: KeyState, detail: String, in db: Database
  ) throws {
    try db.execute(
      sql: "UPDATE api_key SET state = ?, revoked_ms = coalesce(revoked_ms, ?) WHERE kid = ?",
      arguments: [KeyState.revoked.rawValue, clock.wallMilliseconds(), name.description])
    try note(
      "key.revoke", "key \(name)", detail,
      change: AuditChange("\(before)", "\(KeyState.revoked)"), in: db)
  }

  /// The keys that took a key's place, one after the other, and work still; oldest first.
  private func livingSuccessors(of key: KeyID, in db: Database) throws -> [KeyName] {
    let now = clock.wallMilliseconds()
    var chain: Set<Int64> = [key.rawValue]
    var living: [KeyName] = []
    // A key is younger than the one whose place it took, so that one is known.
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT * FROM api_key WHERE rotated_from IS NOT NULL AND id > ? ORDER BY id",
      arguments: [key.rawValue])
    while let row = try rows.next() {
      guard chain.contains(row["rotated_from"]) else { continue }
      chain.insert(row["id"])
      let ends: [Int64?] = [row["expires_ms"], row["grace_until_ms"]]
      if row["state"] as Int64 == KeyState.active.rawValue, ends.allSatisfy({ now < $0 ?? .max }),
        let name = KeyName(row["kid"] as String)
      {
        living.append(name)
      }
    }
    return living
  }

  private static func list(_ names: [KeyName]) -> String {
    let named = names.prefix(mostNamesInNotice).map(\.description).joined(separator: ", ")
    let rest = names.count - mostNamesInNotice
    return rest > 0 ? named + " and \(rest) more" : named
  }
}
