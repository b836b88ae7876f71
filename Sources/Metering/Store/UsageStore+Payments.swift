// Payments.

import GRDB

extension UsageStore {
  /// Notes a payment. The last one that was owed lets an account go on that was stopped for it.
  ///
  /// - Parameters:
  ///   - cents: below zero where money went back, of what was paid beyond what is owed.
  ///   - day: when it was paid, by the billing's zone; nil for now.
  ///   - mayOverpay: whether more may be paid than is owed: the rest is the customer's.
  /// - Throws: ``UsageStoreError``: `notFound`, `wrongState` for more than is owed, than can go
  ///   back, or for a day to come, or `invalidName` for a reference that is none.
  package func pay(
    _ number: String, cents: Int64, reference: String = "", on day: CivilDate? = nil,
    mayOverpay: Bool = false
  ) throws(UsageStoreError) {
    try Self.checkReference(reference)
    let now = clock.wallMilliseconds()
    try write(doing: "note a payment") { db in
      let invoice = try Self.invoice(number, in: db)
      let most = mayOverpay ? PaymentRecord.limitCents : invoice.payableCents
      guard invoice.document.kind == .invoice, cents >= -invoice.overpaidCents, cents <= most,
        cents != 0
      else {
        throw UsageStoreError(
          .wrongState,
          cents < 0
            ? "\(centsText(invoice.overpaidCents)) EUR were paid too much of '\(number)', and no "
              + "more than that goes back"
            : "'\(number)' is not owed this much: \(centsText(invoice.payableCents)) EUR of it are")
      }
      try insertPayment(cents, of: invoice, reference: reference, on: day, now: now, in: db)
    }
  }

  /// Takes a payment back that did not hold, as a direct debit that was returned: another one of
  /// the same amount below zero, or above it for money that went back and came again.
  ///
  /// - Parameters:
  ///   - payment: its number, as ``payments(of:)`` has it.
  ///   - day: when it was taken back, by the billing's zone; nil for now.
  /// - Throws: ``UsageStoreError``: `notFound` where the invoice has no such payment, or `wrongState`
  ///   where it was taken back before, takes another back, or for a day to come.
  package func reversePayment(
    _ payment: Int64, of number: String, reference: String = "", on day: CivilDate? = nil
  ) throws(UsageStoreError) {
    try Self.checkReference(reference)
    let now = clock.wallMilliseconds()
    try write(doing: "take a payment back") { db in
      let invoice = try Self.invoice(number, in: db)
      let payments = try Self.payments(of: invoice, in: db)
      guard let record = payments.first(where: { $0.id == payment }) else {
        throw UsageStoreError(.notFound, "'\(number)' has no payment of the number \(payment)")
      }
      guard record.reverses == nil, !payments.contains(where: { $0.reverses == payment }) else {
        throw UsageStoreError(
          .wrongState,
          record.reverses == nil
            ? "payment \(payment) of '\(number)' was taken back already"
            : "payment \(payment) of '\(number)' takes another back: note the payment anew")
      }
      try insertPayment(
        -record.cents, of: invoice, reference: reference, on: day, reverses: payment, now: now,
        in: db)
    }
  }

  private static func checkReference(_ text: String) throws(UsageStoreError) {
    guard text.isOneLine(of: 0...64) else {
      throw UsageStoreError(.invalidName, "a reference is one line of 64 characters")
    }
  }

  /// The payments of an invoice, in the order in which they were noted.
  package func payments(of number: String) throws(UsageStoreError) -> [PaymentRecord] {
    try read(doing: "read payments") { db in
      try Self.payments(of: Self.invoice(number, in: db), in: db)
    }
  }

  private static func payments(
    of invoice: InvoiceRecord, in db: Database
  ) throws -> [PaymentRecord] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM payment WHERE invoice_id = ? ORDER BY id", arguments: [invoice.id]
    ).map { row in
      PaymentRecord(
        id: row["id"], cents: row["cents"], notedMilliseconds: row["at_ms"],
        paidMilliseconds: row["valued_ms"] ?? row["at_ms"], reference: row["reference"],
        reverses: row["reverses"])
    }
  }

  private func insertPayment(
    _ cents: Int64, of invoice: InvoiceRecord, reference: String, on day: CivilDate?,
    reverses: Int64? = nil, now: Int64, in db: Database
  ) throws {
    let zone = try Self.settings(in: db).zone
    if let day, day > zone.date(wallMilliseconds: now) {
      throw UsageStoreError(
        .wrongState, "\(day) is still to come: a payment is noted when it is made")
    }
    try db.execute(
      sql: """
        INSERT INTO payment (invoice_id, cents, at_ms, reference, reverses, valued_ms)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        invoice.id, cents, now, reference, reverses,
        day.map { min(now, zone.beginning(of: $0)) },
      ])
    let number = invoice.document.number
    let open = invoice.owedCents - invoice.overpaidCents
    let after = try Self.invoice(number, in: db)
    let remarks = [
      reverses.map { "takes payment \($0) back" },
      cents > 0 && after.overpaidCents > 0
        ? "\(centsText(after.overpaidCents)) EUR overpaid" : nil,
    ].compactMap(\.self)
    try note(
      reverses == nil ? "invoice.pay" : "invoice.reverse", "invoice \(number)",
      (["\(centsText(cents)) EUR"] + remarks).joined(separator: ", "),
      change: AuditChange("\(centsText(open)) EUR", "\(centsText(open - cents)) EUR"), in: db)
    try resumeWherePaid(invoice.account, now: now, in: db)
  }

  /// Lets an account go on that was stopped for not paying, where nothing of it is overdue any more.
  func resumeWherePaid(_ account: AccountID, now: Int64, in db: Database) throws {
    let isOverdue = try Row.fetchAll(
      db, sql: InvoiceRecord.select + " WHERE account_id = ?", arguments: [account.rawValue]
    ).map(InvoiceRecord.init).contains { $0.state(at: now) == .overdue }
    let reason = try Int64.fetchOne(
      db, sql: "SELECT state_reason FROM account WHERE id = ? AND state = ?",
      arguments: [account.rawValue, AccountState.suspended.rawValue])
    guard !isOverdue, reason == SuspensionReason.nonpayment.rawValue else { return }
    _ = try setState(.active, of: account, remark: "paid", in: db)
  }

  /// What an account has paid since a moment, in cents: for invoices, and in advance less what went
  /// back.
  package func paidCents(
    _ account: AccountID, since wallMilliseconds: Int64
  ) throws(UsageStoreError) -> Int64 {
    try read(doing: "add payments up") { db in
      let cents = try Int64.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(cents), 0) FROM payment JOIN invoice ON invoice.id = invoice_id
          WHERE account_id = ? AND coalesce(valued_ms, at_ms) >= ?
          """, arguments: [account.rawValue, wallMilliseconds])
      let advance = try Int64.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(amount_p), 0) FROM ledger
          WHERE account_id = ? AND at_ms >= ? AND kind IN (?, ?)
          """,
        arguments: [
          account.rawValue, wallMilliseconds, CreditKind.topUp.rawValue,
          CreditKind.refund.rawValue,
        ])
      return (cents ?? 0) + PicoEuro(rawValue: advance ?? 0).roundedCents
    }
  }
}
