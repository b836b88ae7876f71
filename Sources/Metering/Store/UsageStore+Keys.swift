// Keys, their limits, and the names of models, as rows of `meter.db`.

import FoundationEssentials
import GRDB

/// A key that has just been made. Its text is nowhere else: show it once.
package struct NewKey: Sendable {
  /// The whole key.
  package let text: String
  /// What is remembered of it.
  package let record: KeyRecord
}

extension UsageStore {
  /// Makes a key of the default account.
  ///
  /// - Parameters:
  ///   - label: what the operator calls it.
  ///   - role: what it may do.
  ///   - limits: its own limits; nil takes the server's defaults.
  package func createKey(
    label: ShortName, role: KeyRole = .service, limits: LimitRule? = nil
  ) throws(UsageStoreError) -> NewKey {
    guard let random = LibCrypto.randomBytes(count: 38), let key = APIKey(randomBytes: random)
    else {
      throw UsageStoreError(.inputOutput, "cannot create a key: the system gave no random bytes")
    }
    let digest = pepper.digest(of: key)
    guard !digest.isEmpty else {
      throw UsageStoreError(.inputOutput, "cannot create a key: libcrypto made no digest of it")
    }
    let now = clock.wallMilliseconds()
    let record = try write(doing: "create a key") { db in
      try db.execute(
        sql: """
          INSERT INTO account (id, name, state, created_ms) VALUES (1, 'default', 1, ?)
          ON CONFLICT DO NOTHING
          """, arguments: [now])
      try db.execute(
        sql: """
          INSERT INTO api_key (account_id, kid, mac, pepper_id, role, label, state, created_ms)
          VALUES (1, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          key.publicName.description, Data(digest), Pepper.id, role.rawValue, label.text,
          KeyState.active.rawValue, now,
        ])
      let id = KeyID(rawValue: db.lastInsertedRowID)
      if let limits { try LimitRow.write(limits, scope: .key(id), to: db) }
      return KeyRecord(
        id: id, account: AccountID(rawValue: 1), name: key.publicName, digest: digest, role: role,
        label: label, state: .active, createdMilliseconds: now, limits: limits)
    }
    return NewKey(text: key.text, record: record)
  }

  /// Makes a key useless for ever. Revoking one a second time changes nothing.
  ///
  /// - Throws: ``UsageStoreError`` with the code `notFound` where no key has this name.
  package func revokeKey(_ name: KeyName) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    let isKnown = try write(doing: "revoke a key") { db in
      try db.execute(
        sql: "UPDATE api_key SET state = ?, revoked_ms = ? WHERE kid = ? AND state = ?",
        arguments: [
          KeyState.revoked.rawValue, now, name.description, KeyState.active.rawValue,
        ])
      return try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM api_key WHERE kid = ?)",
        arguments: [name.description]) ?? false
    }
    guard isKnown else {
      throw UsageStoreError(
        .notFound, "no key is named '\(name)': 'apus keys list' shows the names there are")
    }
  }

  /// All keys, oldest first, revoked ones included.
  package func keys() throws(UsageStoreError) -> [KeyRecord] {
    try read(doing: "read the keys") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT api_key.*, limit_rule.* FROM api_key
          LEFT JOIN limit_rule ON scope_kind = ? AND scope_id = api_key.id ORDER BY api_key.id
          """, arguments: [LimitRow.kindOfKeys]
      ).compactMap(KeyRecord.init)
    }
  }

  /// The row number of a model, made on first use.
  package func modelID(_ name: ShortName) throws(UsageStoreError) -> ModelID {
    try write(doing: "name a model") { db in
      try db.execute(
        sql: "INSERT INTO model (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [name.text])
      let id = try Int64.fetchOne(
        db, sql: "SELECT id FROM model WHERE name = ?", arguments: [name.text])
      return ModelID(rawValue: id ?? 0)
    }
  }

  /// The names of all models that were ever served.
  package func modelNames() throws(UsageStoreError) -> [ModelID: ShortName] {
    let rows = try read(doing: "read the models") {
      try Row.fetchAll($0, sql: "SELECT id, name FROM model").map { row in
        (ModelID(rawValue: row["id"]), ShortName(row["name"]))
      }
    }
    return rows.reduce(into: [:]) { names, row in names[row.0] = row.1 }
  }
}

extension KeyRecord {
  /// The row, nil where a value in it has no meaning to this version.
  fileprivate init?(_ row: Row) {
    let digest: Data = row["mac"]
    guard let name = KeyName(row["kid"] as String), let role = KeyRole(rawValue: row["role"]),
      let label = ShortName(row["label"]), let state = KeyState(rawValue: row["state"])
    else { return nil }
    self.init(
      id: KeyID(rawValue: row["id"]), account: AccountID(rawValue: row["account_id"]), name: name,
      digest: [UInt8](digest), role: role, label: label, state: state,
      createdMilliseconds: row["created_ms"], limits: LimitRow.read(row))
  }
}
