// Credit that was paid in advance: an append-only ledger, against which all usage counts.

import GRDB

extension UsageStore {
  private static let hourMilliseconds: Int64 = 3_600_000

  /// Says when an account pays. An hour, in UTC, is paid in one way: that in which it changes is
  /// paid in the new one from its beginning, as invoices count hours. What was used before does not
  /// count against credit. An hour is over as a month is for its invoice: some minutes after its
  /// end, when all that was used in it is on the disk.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` for one that has used more in all its time
  ///   than half of what an amount holds.
  package func setMode(_ mode: BillingMode, of account: AccountID) throws(UsageStoreError) {
    let latest = (clock.wallMilliseconds() - Self.closingMilliseconds) / Self.hourMilliseconds
    // Changes stay in order where a clock was set back.
    let changes = try modeChanges(of: account)
    let hour = max(latest, (changes.last ?? 0) / Self.hourMilliseconds)
    let used = try used(beforeHour: hour)[account] ?? .zero
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
      // All usage counts against credit; with these two lines that of other hours cancels out.
      let earlier = mode == .prepaid ? used : PicoEuro(rawValue: -used.rawValue)
      try insert(.otherUse, earlier, reference: "", account, hour * Self.hourMilliseconds, db)
      try note(
        "account.mode", "account \(account.rawValue)", "\(mode)",
        change: AuditChange("\(current)", "\(mode)"), in: db)
    }
  }

  /// The hours, counted from 1970-01-01 00:00 UTC, in which an account paid in advance, in order.
  func prepaidHours(of account: AccountID) throws(UsageStoreError) -> [Range<Int64>] {
    let hour = Self.hourMilliseconds
    // Each change is a line; an account begins by paying afterwards.
    let changes = try modeChanges(of: account)
    return stride(from: 0, to: changes.count, by: 2).map { start in
      // Lines stand at the beginning of an hour. Those of earlier versions stand within one, all of
      // which was paid in advance up to there: the whole hour stays so.
      let end = start + 1 < changes.count ? (changes[start + 1] + hour - 1) / hour : .max
      // Clocks that were set back made lines of earlier versions that are in no order.
      return changes[start] / hour..<max(changes[start] / hour, end)
    }
  }

  /// When it changed how an account pays, in the order of the changes.
  private func modeChanges(of account: AccountID) throws(UsageStoreError) -> [Int64] {
    try credit(of: account).filter { $0.kind == .otherUse }.map(\.atMilliseconds)
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
  /// - Throws: ``UsageStoreError``: `invalidLimit` for an amount of the wrong sign; `wrongState`
  ///   for a refund of more than is left, and where the account does not pay in advance: then what
  ///   is left can still go back.
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
    let used = try used()[account] ?? .zero
    try write(doing: "add credit") { db in
      let left = try Self.creditLeft(of: account, used: used, in: db) ?? .zero
      let isOpen = kind != .topUp && left > .zero
      guard try isOpen || Self.mode(of: account, in: db) == .prepaid else {
        throw UsageStoreError(
          .wrongState,
          "account \(account.rawValue) does not pay in advance: 'apus meter credit mode' changes that"
        )
      }
      guard kind != .refund || left.rawValue >= -amount.rawValue else {
        throw UsageStoreError(
          .wrongState,
          "account \(account.rawValue) has \(left) EUR left, and no more can go back: only "
            + "a correction takes credit below zero")
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

  /// What is left of what an account paid in advance, also where it has ceased to; nil where it
  /// never did.
  package func creditLeft(of account: AccountID) throws(UsageStoreError) -> PicoEuro? {
    let used = try used()[account] ?? .zero
    return try read(doing: "read credit") {
      try Self.creditLeft(of: account, used: used, in: $0)
    }
  }

  /// - Parameter used: what the account has used since it began.
  private static func creditLeft(
    of account: AccountID, used: PicoEuro, in db: Database
  ) throws -> PicoEuro? {
    let isPrepaid = try mode(of: account, in: db) == .prepaid
    let sum = try Int64.fetchOne(
      db, sql: "SELECT sum(amount_p) FROM ledger WHERE account_id = ?",
      arguments: [account.rawValue])
    guard isPrepaid || sum != nil else { return nil }
    // Where it has ceased to, the line of that has taken off what was used until then.
    let counted = isPrepaid ? used.rawValue : 0
    let (left, overflow) = (sum ?? 0).subtractingReportingOverflow(counted)
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
  ///
  /// - Parameter end: the hour, counted from 1970-01-01 00:00 UTC, before which it was used.
  func used(beforeHour end: Int64 = .max) throws(UsageStoreError) -> [AccountID: PicoEuro] {
    let months = try months()
    let sql = "SELECT account_id, coalesce(sum(cost_p), 0) AS cost_p FROM"
    var rows = try read(doing: "read what was used") { db in
      try Row.fetchAll(
        db,
        sql: """
          \(sql) rollup_kept WHERE \(Self.keptCondition(beside: months)) AND hour < ?
          GROUP BY account_id, month
          """, arguments: [end]
      ).map { ($0["account_id"] as Int64, $0["cost_p"] as Int64) }
    }
    for month in months {
      rows += try EventFile.read(
        folder: folder, file: month,
        sql: "\(sql) rollup_hour WHERE hour < ? GROUP BY account_id", arguments: [end]
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
