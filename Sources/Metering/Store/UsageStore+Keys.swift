// Keys and their limits as rows of `meter.db`.

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
  /// Makes a key.
  ///
  /// - Parameters:
  ///   - label: what the operator calls it.
  ///   - role: what it may do.
  ///   - limits: its own limits; nil takes the server's defaults.
  ///   - account: whose it is; nil for the default account.
  ///   - expiresMilliseconds: wall time from which on it is refused; nil for never.
  /// - Throws: ``UsageStoreError``: `notFound`, `invalidName` for a label that begins like a formula, or
  ///   `wrongState` where the account is not active or the key would end in the past.
  package func createKey(
    label: ShortName, role: KeyRole = .service, limits: LimitRule? = nil,
    account: AccountID? = nil, expiresMilliseconds: Int64? = nil
  ) throws(UsageStoreError) -> NewKey {
    try label.checkForTables()
    let draft = try KeyDraft(pepper: peppers().newest, brand: keyBrand())
    let now = clock.wallMilliseconds()
    if let expiresMilliseconds, expiresMilliseconds <= now {
      throw UsageStoreError(.wrongState, "a key cannot end in the past: choose a later moment")
    }
    let record = try write(doing: "create a key") { db in
      if account == nil {
        try db.execute(
          sql: """
            INSERT INTO account (id, name, state, created_ms) VALUES (?, 'default', ?, ?)
            ON CONFLICT (id) DO NOTHING
            """,
          arguments: [Self.defaultAccount.rawValue, AccountState.active.rawValue, now])
      }
      let id = try draft.insert(
        db, account: account ?? Self.defaultAccount, role: role, label: label, now: now,
        expires: expiresMilliseconds)
      if let limits { try LimitRow.write(limits, scope: .key(id), to: db) }
      let record = try Self.record(id, in: db)
      try note(
        "key.create", "key \(record.name)", "account \(record.account.rawValue), \(role)",
        change: AuditChange("", "limits " + (limits?.summary ?? "defaults")), in: db)
      return record
    }
    return NewKey(text: draft.key.text, record: record)
  }

  /// Makes a key that takes the place of another: same account, role, label, limits,
  /// allow-lists and end. Both count as one where money and rates are limited.
  ///
  /// - Parameters:
  ///   - name: the key to be replaced.
  ///   - grace: how long the old key goes on working.
  ///   - mostInDay: keys of the account that may be replaced within 24 hours; nil for any number.
  ///   - caller: the key whose holder asks for it, of which the account's owners are told; nil for
  ///     the operator.
  /// - Throws: ``UsageStoreError``: `notFound` where no key that was not revoked has this name, or
  ///   `wrongState` for one that has expired, or that another took the place of, and after `mostInDay`.
  package func rotateKey(
    _ name: KeyName, grace: Duration, mostInDay: Int? = nil, by caller: KeyName? = nil
  ) throws(UsageStoreError) -> NewKey {
    let draft = try KeyDraft(pepper: peppers().newest, brand: keyBrand())
    let now = clock.wallMilliseconds()
    let record = try write(doing: "rotate a key") { db in
      let number = try Int64.fetchOne(
        db, sql: "SELECT id FROM api_key WHERE kid = ? AND state = ?",
        arguments: [name.description, KeyState.active.rawValue])
      guard let number else { throw Self.noKey(name) }
      let old = try Self.record(KeyID(rawValue: number), in: db)
      if let end = old.expiresMilliseconds, end <= now {
        throw UsageStoreError(
          .wrongState, "the key '\(name)' has expired, and another would end with it: create one")
      }
      if old.graceUntilMilliseconds != nil { throw Self.wasReplaced(name) }
      if let mostInDay {
        let count = try Int.fetchOne(
          db,
          sql: """
            SELECT count(*) FROM api_key
            WHERE account_id = ? AND rotated_from IS NOT NULL AND created_ms > ?
            """,
          arguments: [old.account.rawValue, now - 86_400_000])
        guard count ?? 0 < mostInDay else {
          throw UsageStoreError(
            .wrongState,
            "the account replaced \(mostInDay) keys within a day: wait, or ask the operator")
        }
      }
      let id = try draft.insert(
        db, account: old.account, role: old.role, label: old.label, now: now,
        expires: old.expiresMilliseconds, rotatedFrom: old.id)
      if let limits = old.limits { try LimitRow.write(limits, scope: .key(id), to: db) }
      try Self.copyScopes(from: old.id, to: id, in: db)
      let end = now + grace.microseconds / 1000
      try db.execute(
        sql: "UPDATE api_key SET grace_until_ms = ? WHERE id = ?",
        arguments: [end, old.id.rawValue])
      let record = try Self.record(id, in: db)
      try note("key.rotate", "key \(name)", "to \(record.name), \(grace) of grace", in: db)
      if let caller { try tellOfRotation(old, to: record.name, by: caller, in: db) }
      return record
    }
    return NewKey(text: draft.key.text, record: record)
  }

  /// All keys, oldest first, revoked ones included.
  package func keys() throws(UsageStoreError) -> [KeyRecord] {
    try read(doing: "read the keys") { db in
      let (scopes, chains) = (try KeyScopes(db), try KeyChains(db))
      var limits: [LimitRule: SharedLimits] = [:]
      var keys: [KeyRecord] = []
      keys.reserveCapacity(try Int.fetchOne(db, sql: "SELECT count(*) FROM api_key") ?? 0)
      // One row at a time: all of them take many times what is kept.
      let rows = try Row.fetchCursor(
        db, sql: Self.selectKeys + " ORDER BY api_key.id", arguments: [LimitRow.kindOfKeys])
      while let row = try rows.next() {
        if let key = KeyRecord(row, scopes, chains, &limits) { keys.append(key) }
      }
      return keys
    }
  }

  private static let selectKeys = """
    SELECT account.state AS account_state, account.state_reason, termination.ends_ms,
      limit_rule.*, api_key.*
    FROM api_key JOIN account ON account.id = api_key.account_id
    LEFT JOIN termination ON termination.account_id = account.id
    LEFT JOIN limit_rule ON scope_kind = ? AND scope_id = api_key.id AND model_id = 0
    """

  static func record(_ id: KeyID, in db: Database) throws -> KeyRecord {
    let row = try Row.fetchOne(
      db, sql: selectKeys + " WHERE api_key.id = ?",
      arguments: [LimitRow.kindOfKeys, id.rawValue])
    var limits: [LimitRule: SharedLimits] = [:]
    let (scopes, chains) = (try KeyScopes(db), try KeyChains(db))
    guard let record = row.flatMap({ KeyRecord($0, scopes, chains, &limits) }) else {
      throw UsageStoreError(.notFound, "no key has the number \(id.rawValue)")
    }
    return record
  }

  /// The row number of a key.
  static func keyNumber(_ name: KeyName, in db: Database) throws -> Int64 {
    let number = try Int64.fetchOne(
      db, sql: "SELECT id FROM api_key WHERE kid = ?", arguments: [name.description])
    guard let number else { throw noKey(name) }
    return number
  }

  private static func wasReplaced(_ name: KeyName) -> UsageStoreError {
    UsageStoreError(
      .wrongState,
      "another key has taken the place of '\(name)' already: replace that one, or revoke both and "
        + "create one")
  }

  private static func noKey(_ name: KeyName) -> UsageStoreError {
    UsageStoreError(
      .notFound, "no key is named '\(name)': 'apus keys list' shows the names there are")
  }
}

/// A key before it is a row.
private struct KeyDraft {
  let key: APIKey
  private let digest: [UInt8]
  private let pepper: Int64

  init(pepper: Pepper, brand: KeyBrand) throws(UsageStoreError) {
    guard let random = LibCrypto.randomBytes(count: 38),
      let key = APIKey(randomBytes: random, brand: brand)
    else {
      throw UsageStoreError(.inputOutput, "cannot create a key: the system gave no random bytes")
    }
    self.key = key
    digest = pepper.digest(of: key)
    self.pepper = pepper.id
    guard !digest.isEmpty else {
      throw UsageStoreError(.inputOutput, "cannot create a key: libcrypto made no digest of it")
    }
  }

  /// Writes the row of an active account's key. One that was given notice may still replace a key,
  /// which may have leaked.
  func insert(
    _ db: Database, account: AccountID, role: KeyRole, label: ShortName, now: Int64,
    expires: Int64?, rotatedFrom: KeyID? = nil
  ) throws -> KeyID {
    guard let state = try UsageStore.state(of: account, in: db) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    let mayReplace = rotatedFrom != nil && state.mayUseKeys
    guard state == .active || mayReplace else {
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) is not active: activate it before it gets a key")
    }
    try db.execute(
      sql: """
        INSERT INTO api_key (account_id, kid, mac, pepper_id, role, label, state, created_ms,
          expires_ms, rotated_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        account.rawValue, key.publicName.description, Data(digest), pepper, role.rawValue,
        label.text, KeyState.active.rawValue, now, expires, rotatedFrom?.rawValue,
      ])
    return KeyID(rawValue: db.lastInsertedRowID)
  }
}

extension KeyRecord {
  /// The row, nil where a value in it has no meaning to this version.
  ///
  /// - Parameter limits: those that other keys have already.
  fileprivate init?(
    _ row: Row, _ scopes: KeyScopes, _ chains: KeyChains, _ limits: inout [LimitRule: SharedLimits]
  ) {
    let id: Int64 = row["id"]
    guard let digest = KeyDigest(row["mac"] as Data), let name = KeyName(row["kid"] as String),
      let role = KeyRole(rawValue: row["role"]),
      let label = ShortName(row["label"]), let state = KeyState(rawValue: row["state"]),
      let accountState = AccountState(rawValue: row["account_state"])
    else { return nil }
    let rule = LimitRow.read(row)
    let first = chains.first(of: KeyID(rawValue: id))
    let shared = rule.map { limits[$0] ?? SharedLimits($0) }
    if let shared { limits[shared.rule] = shared }
    self.init(
      id: KeyID(rawValue: id), account: AccountID(rawValue: row["account_id"]), name: name,
      digest: digest, label: label, createdMilliseconds: row["created_ms"],
      sharedLimits: shared,
      rarities: KeyRarities(
        KeyRarities.Values(
          expiresMilliseconds: row["expires_ms"], graceUntilMilliseconds: row["grace_until_ms"],
          rotatedFrom: (row["rotated_from"] as Int64?).map(KeyID.init(rawValue:)),
          firstKey: first.rawValue == id ? nil : first,
          models: scopes.models[id] ?? [], addresses: scopes.addresses[id] ?? [],
          suspension: (row["state_reason"] as Int64?).flatMap(SuspensionReason.init(rawValue:)),
          accountEndsMilliseconds: accountState == .active ? nil : row["ends_ms"])),
      role: role, state: state, accountState: accountState,
      pepper: Int32(clamping: row["pepper_id"] as Int64))
  }
}
