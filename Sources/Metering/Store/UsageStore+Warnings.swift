// Warning before stopping: whoever broke a rule that is not urgent hears of it first.

import GRDB

extension SuspensionReason {
  /// Whether a warning has to come first. Abuse, danger and the law do not wait.
  package var needsWarning: Bool {
    switch self {
    case .terms, .nonpayment: true
    case .abuse, .security, .legal: false
    }
  }
}

extension UsageStore {
  /// How long a warning counts.
  private static let warningMilliseconds: Int64 = 90 * 86_400_000

  /// Tells an account what it will be stopped for, and notes it.
  package func warn(
    _ account: AccountID, reason: SuspensionReason
  ) throws(UsageStoreError) {
    try write(doing: "warn an account") { try warn(account, reason: reason, in: $0) }
  }

  /// Warns as a part of a transaction.
  ///
  /// - Parameter invoice: what was not paid, which goes out with the warning; nil for other
  ///   reasons.
  func warn(
    _ account: AccountID, reason: SuspensionReason, for invoice: InvoiceRecord? = nil,
    in db: Database
  ) throws {
    guard
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE id = ?)",
        arguments: [account.rawValue]) == true
    else { throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)") }
    try note("account.warn", "account \(account.rawValue)", "\(reason)", in: db)
    let cause = invoice.map { $0.arrears + " " } ?? ""
    _ = try publishNotice(
      title: "Warning: \(reason)",
      body: cause + "Your account will be suspended (reason: \(reason)) unless this is put right. "
        + "Please contact us.", to: account, invoice: invoice, in: db)
    // The notice is the newest one.
    try db.execute(
      sql: """
        INSERT INTO warning (account_id, reason, at_ms, notice_id)
        VALUES (?, ?, ?, (SELECT max(id) FROM notice))
        """, arguments: [account.rawValue, reason.rawValue, clock.wallMilliseconds()])
  }

  /// When an account was last warned for a reason, as far as that still counts: for 90 days, and
  /// until the account goes on after it was stopped for it. Nil where it was not.
  package func lastWarning(
    _ account: AccountID, reason: SuspensionReason
  ) throws(UsageStoreError) -> Int64? {
    let now = clock.wallMilliseconds()
    return try read(doing: "read warnings") {
      try Self.warning(of: account, reason: reason, now: now, in: $0).lastMilliseconds
    }
  }

  /// What there is of warnings of an account for a reason.
  ///
  /// - Returns: when the last one was that still counts; when the first mail with one that still
  ///   counts was sent, which a post to the operator's own webhook is not; when warnings ceased to
  ///   count because the account went on.
  static func warning(
    of account: AccountID, reason: SuspensionReason, now: Int64, in db: Database
  ) throws -> (lastMilliseconds: Int64?, sentMilliseconds: Int64?, spentMilliseconds: Int64?) {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT max(at_ms) FILTER (WHERE counts) AS last, max(spent_ms) AS spent,
          min((SELECT min(sent_ms) FROM notice_delivery
            WHERE notice_id = warning.notice_id AND channel = :mail AND state = :sent))
            FILTER (WHERE counts) AS sent
        FROM (SELECT *, spent_ms IS NULL AND at_ms >= :oldest AS counts FROM warning
          WHERE account_id = :account AND reason = :reason) AS warning
        """,
      arguments: [
        "mail": NoticeChannel.mail.rawValue, "sent": DeliveryState.sent.rawValue,
        "oldest": now - Self.warningMilliseconds, "account": account.rawValue,
        "reason": reason.rawValue,
      ])
    return (row?["last"], row?["sent"], row?["spent"])
  }

  /// Ends what warnings for a reason are good for, when an account goes on after it was stopped.
  func spendWarnings(of account: AccountID, reason: SuspensionReason, in db: Database) throws {
    try db.execute(
      sql: """
        UPDATE warning SET spent_ms = ? WHERE account_id = ? AND reason = ? AND spent_ms IS NULL
        """, arguments: [clock.wallMilliseconds(), account.rawValue, reason.rawValue])
  }

  /// Stops an account: its keys are refused within a second, its running answers end, and its
  /// owners are told.
  ///
  /// - Parameter override: why it is stopped without the warning that the reason needs; nil where it
  ///   was warned.
  /// - Throws: ``UsageStoreError``: `wrongState` without warning and override.
  package func suspend(
    _ account: AccountID, reason: SuspensionReason, override: ShortName? = nil
  ) throws(UsageStoreError) {
    try checkWarning(account, reason: reason, override: override)
    try write(doing: "suspend an account") { db in
      _ = try setState(
        .suspended, of: account, reason: reason, remark: Self.remark(override), in: db)
      try tellSuspension(of: account, reason: reason, in: db)
    }
  }

  /// Throws `wrongState` where a suspension needs a warning that was not given, nor overridden.
  func checkWarning(
    _ account: AccountID, reason: SuspensionReason, override: ShortName?
  ) throws(UsageStoreError) {
    if reason.needsWarning, override == nil, try lastWarning(account, reason: reason) == nil {
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) was not warned for \(reason) in the last 90 days, or not "
          + "since it went on: warn it first, or say why not with an override, which is audited")
    }
  }

  /// What the audit trail says of a suspension.
  static func remark(_ override: ShortName?) -> String {
    override.map { "without warning: \($0)" } ?? ""
  }

  /// Tells an account's owners that it is suspended.
  ///
  /// - Parameter invoice: what was not paid, which goes out with it; nil for other reasons.
  func tellSuspension(
    of account: AccountID, reason: SuspensionReason, for invoice: InvoiceRecord? = nil,
    in db: Database
  ) throws {
    let cause = invoice.map { $0.arrears + " " } ?? ""
    _ = try publishNotice(
      title: "Your account is suspended: \(reason)",
      body: cause
        + "Your account was suspended (reason: \(reason)). Its API keys are refused until that is "
        + "settled. Please contact us.", to: account, invoice: invoice, in: db)
  }
}
