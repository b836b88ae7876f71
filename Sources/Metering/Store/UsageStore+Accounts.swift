// Accounts as rows of `meter.db`.

import GRDB

extension UsageStore {
  /// The account that keys belong to where nobody speaks of accounts: made with the first key.
  static let defaultAccount = AccountID(rawValue: 1)

  /// Makes an account. It is pending: it gets keys once it is active.
  ///
  /// - Throws: ``UsageStoreError``: `constraint` for a name that is taken, in whatever case, or
  ///   `invalidName` for one that begins like a formula, is a number, begins or ends with white
  ///   space, or is like those of accounts that were erased.
  package func createAccount(_ name: ShortName) throws(UsageStoreError) -> AccountID {
    try write(doing: "create an account") { try createAccount(name, in: $0) }
  }

  /// Makes a pending account as a part of a transaction.
  ///
  /// - Throws: as the other one.
  func createAccount(_ name: ShortName, in db: Database) throws -> AccountID {
    try name.checkForTables()
    try name.checkForAccounts()
    let isTaken = try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE name = ? COLLATE NOCASE)",
      arguments: [name.text])
    guard isTaken != true else {
      throw UsageStoreError(
        .constraint, "an account is called '\(name)' already: choose another name")
    }
    // The first number is kept for the default account.
    try db.execute(
      sql: """
        INSERT INTO account (id, name, state, created_ms)
        SELECT max(1, coalesce(max(id), 1)) + 1, ?, ?, ? FROM account
        """,
      arguments: [name.text, AccountState.pending.rawValue, clock.wallMilliseconds()])
    let id = AccountID(rawValue: db.lastInsertedRowID)
    try note("account.create", "account \(id.rawValue)", in: db)
    return id
  }

  /// Moves an account on in its life.
  ///
  /// - Parameters:
  ///   - reason: why it is suspended; needed for that state and for no other.
  ///   - remark: what the operator adds to the audit trail.
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` where its life does not go that way.
  package func setState(
    _ state: AccountState, of account: AccountID, reason: SuspensionReason? = nil,
    remark: String = ""
  ) throws(UsageStoreError) {
    try write(doing: "change an account") { db in
      _ = try setState(state, of: account, reason: reason, remark: remark, in: db)
    }
  }

  /// What an account may do; nil where no account has the number.
  static func state(of account: AccountID, in db: Database) throws -> AccountState? {
    try Int64.fetchOne(
      db, sql: "SELECT state FROM account WHERE id = ?", arguments: [account.rawValue]
    ).flatMap(AccountState.init(rawValue:))
  }

  /// Lets an account go on that was stopped or given notice.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` for an account that was neither,
  ///   above all for one that was never let in.
  package func resume(_ account: AccountID) throws(UsageStoreError) {
    try write(doing: "change an account") { db in
      if let state = try Self.state(of: account, in: db),
        ![.suspended, .terminating].contains(state)
      {
        throw UsageStoreError(
          .wrongState,
          "account \(account.rawValue) is \(state), and was neither stopped nor given notice"
            + (state == .pending ? ": 'apus meter account activate' lets it in" : ""))
      }
      _ = try setState(.active, of: account, in: db)
    }
  }

  /// Moves an account on in its life, as a part of a transaction.
  ///
  /// - Parameter incident: the one that suspends it; nil where none does.
  /// - Returns: what it was before.
  /// - Throws: as the other one.
  func setState(
    _ state: AccountState, of account: AccountID, reason: SuspensionReason? = nil,
    incident: Int64? = nil, remark: String = "", in db: Database
  ) throws -> AccountState {
    guard (state == .suspended) == (reason != nil) else {
      throw UsageStoreError(.wrongState, "a suspension needs a reason, and nothing else takes one")
    }
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT state, state_reason, EXISTS (SELECT 1 FROM termination WHERE account_id = account.id)
          AS is_ending FROM account WHERE id = ?
        """, arguments: [account.rawValue])
    guard let row, let current = AccountState(rawValue: row["state"]) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    // Notice that was given before an account was stopped holds when it goes on.
    let state = current == .suspended && state == .active && row["is_ending"] ? .terminating : state
    guard current.mayBecome(state) else {
      let way =
        (current, state) == (.active, .closed)
        ? ": give it notice first, 'apus meter account terminate'" : ""
      throw UsageStoreError(
        .wrongState, "account \(account.rawValue) is \(current) and cannot become \(state)\(way)")
    }
    try db.execute(
      sql: "UPDATE account SET state = ?, state_reason = ?, suspended_by = ? WHERE id = ?",
      arguments: [state.rawValue, reason?.rawValue, incident, account.rawValue])
    if current == .terminating, state == .active {
      try db.execute(
        sql: "DELETE FROM termination WHERE account_id = ?", arguments: [account.rawValue])
    }
    let reasonBefore = (row["state_reason"] as Int64?).flatMap(SuspensionReason.init(rawValue:))
    if current == .suspended, state.mayUseKeys, let reasonBefore {
      try spendWarnings(of: account, reason: reasonBefore, in: db)
    }
    let after = Self.words(state, reason)
    try note(
      "account.state", "account \(account.rawValue)",
      [after, remark].filter { !$0.isEmpty }.joined(separator: ", "),
      change: AuditChange(Self.words(current, reasonBefore), after), in: db)
    return current
  }

  private static func words(_ state: AccountState, _ reason: SuspensionReason?) -> String {
    (["\(state)"] + (reason.map { ["\($0)"] } ?? [])).joined(separator: ", ")
  }

  /// All accounts, oldest first.
  package func accounts() throws(UsageStoreError) -> [AccountRecord] {
    try read(doing: "read the accounts") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM account ORDER BY id").compactMap { row in
        guard let name = ShortName(row["name"]), let state = AccountState(rawValue: row["state"])
        else { return nil }
        return AccountRecord(
          id: AccountID(rawValue: row["id"]), name: name, state: state,
          reason: (row["state_reason"] as Int64?).flatMap(SuspensionReason.init(rawValue:)),
          createdMilliseconds: row["created_ms"])
      }
    }
  }
}

extension ShortName {
  /// Accounts are called by their names or their numbers: one must not pass for another.
  fileprivate func checkForAccounts() throws(UsageStoreError) {
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      throw UsageStoreError(
        .invalidName,
        "a number is no name for an account: accounts are called by their numbers too")
    }
    if text.lowercased().hasPrefix("erased ") {
      throw UsageStoreError(
        .invalidName, "names that begin with 'erased ' are those of accounts that were erased")
    }
    let ends = [text.unicodeScalars.first, text.unicodeScalars.last]
    if ends.contains(where: { $0?.properties.isWhitespace != false }) {
      throw UsageStoreError(
        .invalidName, "the name of an account cannot begin or end with white space")
    }
  }
}
