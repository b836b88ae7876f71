// Payments and disputes.

import GRDB

extension UsageStore {
  /// Days from the date of an invoice in which it can be disputed.
  package static let disputeDays: Int64 = 30

  /// Notes a payment. The last one that was owed lets an account go on that was stopped for it.
  ///
  /// - Parameter cents: below zero where money went back, of what was paid beyond what is owed.
  /// - Throws: ``UsageStoreError``: `notFound`, `wrongState` for more than is owed, or than can go
  ///   back, or `invalidName` for a reference that is none.
  package func pay(
    _ number: String, cents: Int64, reference: String = ""
  ) throws(UsageStoreError) {
    guard reference.isOneLine(of: 0...64) else {
      throw UsageStoreError(.invalidName, "a reference is one line of 64 characters")
    }
    let now = clock.wallMilliseconds()
    try write(doing: "note a payment") { db in
      let invoice = try Self.invoice(number, in: db)
      guard cents >= -invoice.overpaidCents, cents <= invoice.payableCents, cents != 0 else {
        throw UsageStoreError(
          .wrongState,
          cents < 0
            ? "\(centsText(invoice.overpaidCents)) EUR were paid too much of '\(number)', and no "
              + "more than that goes back"
            : "'\(number)' is not owed this much: \(centsText(invoice.payableCents)) EUR of it are")
      }
      try db.execute(
        sql: "INSERT INTO payment (invoice_id, cents, at_ms, reference) VALUES (?, ?, ?, ?)",
        arguments: [invoice.id, cents, now, reference])
      try note(
        "invoice.pay", "invoice \(number)", "\(centsText(cents)) EUR",
        change: AuditChange(
          "\(centsText(invoice.owedCents - invoice.overpaidCents)) EUR",
          "\(centsText(invoice.owedCents - invoice.overpaidCents - cents)) EUR"),
        in: db)
      try resumeWherePaid(invoice.account, now: now, in: db)
    }
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
          WHERE account_id = ? AND at_ms >= ?
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

  /// Opens a dispute over a line, within 30 days of the invoice's date. What is disputed is not owed
  /// until it is decided.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, `constraint` for a line that is disputed already, or
  ///   `wrongState` where the time is over or the line was taken back.
  package func openDispute(
    _ number: String, line: Int
  ) throws(UsageStoreError) -> DisputeRecord {
    let now = clock.wallMilliseconds()
    return try write(doing: "open a dispute") { db in
      let invoice = try Self.invoice(number, in: db)
      guard let disputed = invoice.document.lines.first(where: { $0.number == line }) else {
        throw UsageStoreError(.notFound, "'\(number)' has no line \(line)")
      }
      guard invoice.document.kind == .invoice, !invoice.creditedLines.contains(line) else {
        throw UsageStoreError(
          .wrongState, "line \(line) of '\(number)' is not owed: it was taken back")
      }
      let isKnown = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM dispute WHERE invoice_id = ? AND line = ?)",
        arguments: [invoice.id, line])
      guard isKnown != true else {
        throw UsageStoreError(.constraint, "line \(line) of '\(number)' was disputed already")
      }
      let zone = try Self.settings(in: db).zone
      let issued = zone.date(wallMilliseconds: invoice.issuedMilliseconds)
      guard zone.date(wallMilliseconds: now) <= issued.adding(days: Self.disputeDays) else {
        throw UsageStoreError(
          .wrongState, "'\(number)' could be disputed for \(Self.disputeDays) days from \(issued)")
      }
      let cents = invoice.document.grossCents(ofLines: [disputed.number])
      try db.execute(
        sql: """
          INSERT INTO dispute (invoice_id, line, cents, state, opened_ms) VALUES (?, ?, ?, ?, ?)
          """, arguments: [invoice.id, line, cents, DisputeState.open.rawValue, now])
      let id = db.lastInsertedRowID
      try note("dispute.open", "invoice \(number)", "line \(line)", in: db)
      try resumeWherePaid(invoice.account, now: now, in: db)
      return DisputeRecord(
        id: id, number: number, line: line, cents: cents, state: .open, openedMilliseconds: now)
    }
  }

  /// Decides a dispute.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where no open dispute has this number.
  package func resolveDispute(
    _ id: Int64, as state: DisputeState
  ) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    try write(doing: "decide a dispute") { db in
      try db.execute(
        sql: "UPDATE dispute SET state = ?, resolved_ms = ? WHERE id = ? AND state = ?",
        arguments: [state.rawValue, now, id, DisputeState.open.rawValue])
      guard db.changesCount > 0, [.upheld, .rejected].contains(state) else {
        throw UsageStoreError(.notFound, "no open dispute has the number \(id)")
      }
      try note(
        "dispute.resolve", "dispute \(id)", "\(state)",
        change: AuditChange("\(DisputeState.open)", "\(state)"), in: db)
    }
  }

  /// Ends the disputes over lines that a credit note takes back.
  static func settleDisputes(
    of invoice: InvoiceRecord, lines: [InvoiceDocument.Line], now: Int64, in db: Database
  ) throws {
    for line in lines {
      try db.execute(
        sql: """
          UPDATE dispute SET state = ?, resolved_ms = coalesce(resolved_ms, ?)
          WHERE invoice_id = ? AND line = ? AND state IN (?, ?)
          """,
        arguments: [
          DisputeState.credited.rawValue, now, invoice.id, line.number,
          DisputeState.open.rawValue, DisputeState.upheld.rawValue,
        ])
    }
  }

  /// Whether a line of an invoice was decided for the customer, or was taken back while disputed.
  static func hasConceded(_ invoice: InvoiceRecord, in db: Database) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM dispute WHERE invoice_id = ? AND state IN (?, ?))",
      arguments: [
        invoice.id, DisputeState.upheld.rawValue, DisputeState.credited.rawValue,
      ]) == true
  }

  /// All disputes, oldest first.
  package func disputes() throws(UsageStoreError) -> [DisputeRecord] {
    try read(doing: "read the disputes") { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT dispute.*, number FROM dispute JOIN invoice ON invoice.id = invoice_id
          ORDER BY dispute.id
          """
      ).compactMap { row in
        DisputeState(rawValue: row["state"]).map {
          DisputeRecord(
            id: row["id"], number: row["number"], line: row["line"], cents: row["cents"],
            state: $0, openedMilliseconds: row["opened_ms"])
        }
      }
    }
  }
}
