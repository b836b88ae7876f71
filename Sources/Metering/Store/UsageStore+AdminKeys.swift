// Keys of the administration, as rows of `meter.db`: who may do over HTTP what `apus meter` does.

import FoundationEssentials
import GRDB

/// A key of the administration without its secret.
package struct AdminKeyRecord: Hashable, Sendable {
  package let name: KeyName
  package let label: ShortName
  package let createdMilliseconds: Int64
  /// From when on it is refused; nil for never.
  package let expiresMilliseconds: Int64?
  /// When it was taken back; nil where it was not.
  package let revokedMilliseconds: Int64?
}

extension UsageStore {
  /// Makes a key of the administration. Its text is nowhere else: show it once.
  ///
  /// - Throws: ``UsageStoreError``: `wrongState` where it would end in the past.
  package func createAdminKey(
    label: ShortName, expiresMilliseconds: Int64? = nil
  ) throws(UsageStoreError) -> (text: String, record: AdminKeyRecord) {
    let now = clock.wallMilliseconds()
    if let expiresMilliseconds, expiresMilliseconds <= now {
      throw UsageStoreError(.wrongState, "a key cannot end in the past: choose a later moment")
    }
    guard let random = LibCrypto.randomBytes(count: 38),
      let key = APIKey.admin(randomBytes: random)
    else {
      throw UsageStoreError(.inputOutput, "cannot create a key: the system gave no random bytes")
    }
    let digest = try peppers().newest.digest(of: key)
    try write(doing: "create a key of the administration") { db in
      try db.execute(
        sql:
          "INSERT INTO admin_key (kid, mac, label, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)",
        arguments: [
          key.publicName.description, Data(digest), label.text, now, expiresMilliseconds,
        ])
      try note("admin.create", "admin key \(key.publicName)", in: db)
    }
    return (
      key.text,
      AdminKeyRecord(
        name: key.publicName, label: label, createdMilliseconds: now,
        expiresMilliseconds: expiresMilliseconds, revokedMilliseconds: nil)
    )
  }

  /// Takes a key of the administration back; the next request with it is refused.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`.
  package func revokeAdminKey(_ name: KeyName) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    try write(doing: "revoke a key of the administration") { db in
      try db.execute(
        sql: "UPDATE admin_key SET revoked_ms = coalesce(revoked_ms, ?) WHERE kid = ?",
        arguments: [now, name.description])
      guard db.changesCount > 0 else {
        throw UsageStoreError(
          .notFound,
          "no key of the administration is named '\(name)': 'apus meter admin list' shows them")
      }
      try note("admin.revoke", "admin key \(name)", in: db)
    }
  }

  /// All keys of the administration, oldest first.
  package func adminKeys() throws(UsageStoreError) -> [AdminKeyRecord] {
    try read(doing: "read the keys of the administration") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM admin_key ORDER BY id").compactMap(
        AdminKeyRecord.init)
    }
  }

  /// The key that some text is, as long as it works; nil for all other text.
  package func adminKey(_ text: String) throws(UsageStoreError) -> AdminKeyRecord? {
    guard let key = APIKey(text, kind: .admin) else { return nil }
    // Its row does not say with which it was made. Of every text as many digests are made.
    let digests = try peppers().all.map { $0.digest(of: key) }
    let now = clock.wallMilliseconds()
    return try read(doing: "read the keys of the administration") { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT * FROM admin_key WHERE kid = ? AND revoked_ms IS NULL",
        arguments: [key.publicName.description])
      guard let row,
        digests.contains(where: { LibCrypto.areEqual($0, [UInt8](row["mac"] as Data)) }),
        let record = AdminKeyRecord(row), record.expiresMilliseconds.map({ now < $0 }) ?? true
      else { return nil }
      return record
    }
  }
}

extension AdminKeyRecord {
  fileprivate init?(_ row: Row) {
    guard let name = KeyName(row["kid"] as String), let label = ShortName(row["label"]) else {
      return nil
    }
    self.init(
      name: name, label: label, createdMilliseconds: row["created_ms"],
      expiresMilliseconds: row["expires_ms"], revokedMilliseconds: row["revoked_ms"])
  }
}
