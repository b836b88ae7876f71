// Notice that a customer gives, and accounts that somebody asks for.

import GRDB

/// When an account ends.
package struct TerminationRecord: Hashable, Sendable {
  package let account: AccountID
  package let askedMilliseconds: Int64
  /// From when on its keys are refused.
  package let endsMilliseconds: Int64
}

extension UsageStore {
  /// Days from the notice to the end of an account.
  package static let terminationDays: Int64 = 30
  /// Accounts that may wait to be let in before no more are taken from strangers.
  private static let pendingLimit = 1000

  /// Notes that an account was given notice. Its keys work until the end, and it is billed until
  /// then; one that is suspended stays so. Its owners are told when it ends. A second notice changes
  /// nothing.
  ///
  /// - Parameter endsMilliseconds: nil for 30 days from now.
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` where the account is not in use.
  package func terminate(
    _ account: AccountID, endsMilliseconds: Int64? = nil
  ) throws(UsageStoreError) -> TerminationRecord {
    if let known = try terminations()[account] { return known }
    let now = clock.wallMilliseconds()
    let ends = endsMilliseconds ?? now + Self.terminationDays * 86_400_000
    guard ends >= now else {
      throw UsageStoreError(.wrongState, "an account cannot end in the past: choose a later day")
    }
    return try write(doing: "note when an account ends") { db in
      let state = try Self.state(of: account, in: db)
      if state != .suspended {
        _ = try setState(.terminating, of: account, in: db)
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO termination VALUES (?, ?, ?)",
        arguments: [account.rawValue, now, ends])
      try note(
        "account.terminate", "account \(account.rawValue)", "ends \(CivilTime(ends))", in: db)
      let works =
        state == .suspended
        ? "It is suspended, and stays so until that is settled."
        : "Its API keys work until then, and what they use is billed; from then on they are refused."
      _ = try publishNotice(
        title: "Your account ends on \(CivilDate(of: ends))",
        body:
          "Notice was given for your account, which ends at \(CivilTime(ends)). \(works) If this "
          + "was not meant, or you think better of it, tell us before that, and the account goes on.",
        to: account, in: db)
      return TerminationRecord(account: account, askedMilliseconds: now, endsMilliseconds: ends)
    }
  }

  /// The accounts that were given notice and have not gone back on it.
  package func terminations() throws(UsageStoreError) -> [AccountID: TerminationRecord] {
    let rows = try read(doing: "read when accounts end") {
      try Row.fetchAll(
        $0,
        sql: """
          SELECT termination.* FROM termination JOIN account ON account.id = account_id
          WHERE state IN (?, ?)
          """,
        arguments: [AccountState.terminating.rawValue, AccountState.suspended.rawValue]
      ).map { row in
        TerminationRecord(
          account: AccountID(rawValue: row["account_id"]), askedMilliseconds: row["asked_ms"],
          endsMilliseconds: row["ends_ms"])
      }
    }
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.account, $0) })
  }

  /// Closes the accounts whose end has come, also suspended ones, and tells their owners. Their keys
  /// were refused from that moment on already.
  ///
  /// - Returns: those that were closed.
  package func closeEnded() throws(UsageStoreError) -> [AccountID] {
    let now = clock.wallMilliseconds()
    var closed: [AccountID] = []
    for account in try terminations().values.filter({ $0.endsMilliseconds <= now }).map(\.account) {
      let isClosed = try write(doing: "close an account that has ended") { db in
        // Somebody may have taken the notice back meanwhile, or closed it.
        guard try Self.isEnding(account, before: now, in: db) else { return false }
        // Before it is closed: members of closed accounts are told of nothing but invoices.
        _ = try publishNotice(
          title: "Your account has ended",
          body:
            "The end of your account has come. Its API keys are refused. What was used and is not "
            + "billed yet comes with a last invoice.", to: account, in: db)
        _ = try setState(.closed, of: account, in: db)
        return true
      }
      if isClosed { closed.append(account) }
    }
    return closed.sorted { $0.rawValue < $1.rawValue }
  }

  private static func isEnding(
    _ account: AccountID, before now: Int64, in db: Database
  ) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM termination JOIN account ON account.id = account_id
          WHERE account_id = ? AND ends_ms <= ? AND state IN (?, ?))
        """,
      arguments: [
        account.rawValue, now, AccountState.terminating.rawValue, AccountState.suspended.rawValue,
      ]) == true
  }

  /// Makes a pending account that somebody asked for, with its owner. The operator lets it in.
  ///
  /// - Throws: ``UsageStoreError``: `constraint` for a name that is taken, `invalidName`, or `busy`
  ///   where too many wait already.
  package func requestAccount(
    _ name: ShortName, email: String
  ) throws(UsageStoreError) -> AccountID {
    guard try accounts().count(where: { $0.state == .pending }) < Self.pendingLimit else {
      throw UsageStoreError(.busy, "too many accounts wait to be let in")
    }
    guard Self.isMailAddress(email) else {
      throw UsageStoreError(.invalidName, "an owner is named by one mail address")
    }
    // Nobody could be told of an account that was left without its owner.
    return try write(doing: "make an account that was asked for") { db in
      let account = try createAccount(name, in: db)
      try setMember(email, role: .owner, of: account, in: db)
      return account
    }
  }
}
