// Credit that was paid in advance: an append-only ledger, against which all usage counts.

import GRDB

extension UsageStore {
  /// Says when an account pays. What it used before it pays in advance does not count against its
  /// credit.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` for one that has used more in all its time
  ///   than half of what an amount holds.
  package func setMode(_ mode: BillingMode, of account: AccountID) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    let used = try used()[account] ?? .zero
    try write(doing: "say when an account pays") { db in
      guard let current = try Self.mode(of: account, in: db) else {
        throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
      }
      guard current != mode else { return }
      guard used.rawValue <= .max / 2 else {
        throw UsageStoreError(
          .wrongState,
          "account \(account.rawValue) has used more than credit can be counted for: make another one"
        )
      }
      try db.execute(
        sql: "UPDATE account SET mode = ? WHERE id = ?",
        arguments: [mode.rawValue, account.rawValue])
      // All usage counts against credit; with these two lines that of other times cancels out.
      let earlier = mode == .prepaid ? used : PicoEuro(rawValue: -used.rawValue)
      try insert(.otherUse, earlier, reference: "", account, now, db)
      try note(
        "account.mode", "account \(account.rawValue)", "\(mode)",
        change: AuditChange("\(current)", "\(mode)"), in: db)
    }
  }

  /// The hours, counted from 1970-01-01 00:00 UTC, in which an account paid in advance, in order; an
  /// hour in which that changed is one of them.
  func prepaidHours(of account: AccountID) throws(UsageStoreError) -> [Range<Int64>] {
    let hour: Int64 = 3_600_000
    // Each change is a line; an account begins by paying afterwards.
    let changes = try credit(of: account).filter { $0.kind == .otherUse }.map(\.atMilliseconds)
    return stride(from: 0, to: changes.count, by: 2).map { start in
      let end = start + 1 < changes.count ? changes[start + 1] / hour + 1 : .max
      return changes[start] / hour..<end
    }
  }

  /// When an account pays; postpaid where there is none.
  package func mode(of account: AccountID) throws(UsageStoreError) -> BillingMode {
    try read(doing: "read when an account pays") {
      try Self.mode(of: account, in: $0) ?? .postpaid
    }
  }

  /// Adds a line to an account's credit, and holds within a second.
  ///
  /// - Parameters:
  ///   - amount: above zero for a top-up, below for a refund, either for an adjustment.
  ///   - reference: a number of a payment or the like.
  /// - Throws: ``UsageStoreError``: `invalidLimit` for an amount of the wrong sign, `wrongState`
  ///   where the account does not pay in advance.
  package func addCredit(
    _ kind: CreditKind, _ amount: PicoEuro, reference: ShortName? = nil, to account: AccountID
  ) throws(UsageStoreError) {
    let isPossible =
      switch kind {
      case .topUp: amount > .zero
      case .refund: amount < .zero
      case .adjustment: amount != .zero
      case .otherUse: false
      }
    guard isPossible, (-PicoEuro.creditLimit...PicoEuro.creditLimit).contains(amount.rawValue)
    else {
      throw UsageStoreError(
        .invalidLimit, "a top-up is above 0 and a refund below, each at most 1,000,000 EUR")
    }
    let now = clock.wallMilliseconds()
    try write(doing: "add credit") { db in
      guard try Self.mode(of: account, in: db) == .prepaid else {
        throw UsageStoreError(
          .wrongState,
          "account \(account.rawValue) does not pay in advance: 'apus meter credit mode' changes that"
        )
      }
      let sum = try Int64.fetchOne(
        db, sql: "SELECT coalesce(sum(amount_p), 0) FROM ledger WHERE account_id = ?",
        arguments: [account.rawValue])
      guard (sum ?? 0) <= .max / 2 - max(0, amount.rawValue),
        (sum ?? 0) >= -.max / 2 - min(0, amount.rawValue)
      else {
        throw UsageStoreError(.invalidLimit, "this is more than can be counted")
      }
      try insert(kind, amount, reference: reference?.text ?? "", account, now, db)
      let before = PicoEuro(rawValue: sum ?? 0)
      try note(
        "credit.add", "account \(account.rawValue)", "\(kind) \(amount)",
        change: AuditChange("\(before)", "\(try before.adding(amount))"), in: db)
    }
  }

  /// The lines of an account's credit, oldest first.
  package func credit(of account: AccountID) throws(UsageStoreError) -> [CreditEntry] {
    try read(doing: "read credit") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM ledger WHERE account_id = ? ORDER BY seq",
        arguments: [account.rawValue]
      ).compactMap { row in
        CreditKind(rawValue: row["kind"]).map {
          CreditEntry(
            number: row["seq"], kind: $0, amount: PicoEuro(rawValue: row["amount_p"]),
            reference: row["reference"], atMilliseconds: row["at_ms"])
        }
      }
    }
  }

  /// What is left of an account's credit; nil where it does not pay in advance.
  package func creditLeft(of account: AccountID) throws(UsageStoreError) -> PicoEuro? {
    guard let granted = try credits()[account] else { return nil }
    let used = try used()[account] ?? .zero
    let (left, overflow) = granted.rawValue.subtractingReportingOverflow(used.rawValue)
    return overflow ? .zero : PicoEuro(rawValue: left)
  }

  /// The sum of the lines of each account that pays in advance.
  func credits() throws(UsageStoreError) -> [AccountID: PicoEuro] {
    let rows = try read(doing: "read credit") {
      try Row.fetchAll(
        $0,
        sql: """
          SELECT account.id AS id, coalesce(sum(amount_p), 0) AS amount_p FROM account
          LEFT JOIN ledger ON account_id = account.id WHERE mode = ? GROUP BY account.id
          """, arguments: [BillingMode.prepaid.rawValue]
      ).map { (AccountID(rawValue: $0["id"]), PicoEuro(rawValue: $0["amount_p"])) }
    }
    return Dictionary(uniqueKeysWithValues: rows)
  }

  /// What each account has used since it began, months whose events were let go included.
  func used() throws(UsageStoreError) -> [AccountID: PicoEuro] {
    let months = try months()
    let sql = "SELECT account_id, coalesce(sum(cost_p), 0) AS cost_p FROM"
    var rows = try read(doing: "read what was used") { db in
      try Row.fetchAll(
        db,
        sql: """
          \(sql) rollup_kept WHERE month NOT IN (\(months.map { "'\($0)'" }.joined(separator: ",")))
          GROUP BY account_id, month
          """
      ).map { ($0["account_id"] as Int64, $0["cost_p"] as Int64) }
    }
    for month in months {
      rows += try EventFile.read(
        folder: folder, file: month, sql: "\(sql) rollup_hour GROUP BY account_id"
      ).map { ($0["account_id"], $0["cost_p"]) }
    }
    var used: [AccountID: PicoEuro] = [:]
    for (account, cost) in rows {
      let id = AccountID(rawValue: account)
      // Whoever pays afterwards may use more in years than the number holds, and is not held to it.
      let (sum, overflow) = (used[id] ?? .zero).rawValue.addingReportingOverflow(cost)
      used[id] = PicoEuro(rawValue: overflow ? .max : sum)
    }
    return used
  }

  private static func mode(of account: AccountID, in db: Database) throws -> BillingMode? {
    try Int64.fetchOne(
      db, sql: "SELECT mode FROM account WHERE id = ?", arguments: [account.rawValue]
    ).flatMap(BillingMode.init(rawValue:))
  }

  private func insert(
    _ kind: CreditKind, _ amount: PicoEuro, reference: String, _ account: AccountID, _ now: Int64,
    _ db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO ledger (account_id, kind, amount_p, reference, at_ms) VALUES (?, ?, ?, ?, ?)
        """, arguments: [account.rawValue, kind.rawValue, amount.rawValue, reference, now])
  }
}

extension PicoEuro {
  /// A million euros.
  fileprivate static let creditLimit: Int64 = 1_000_000_000_000_000_000
}
