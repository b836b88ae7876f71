// Disputes over lines of invoices.

import GRDB

extension UsageStore {
  /// Days from the date of an invoice in which it can be disputed.
  package static let disputeDays: Int64 = 30

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

  /// Decides a dispute, and tells the account.
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
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT number, line FROM dispute JOIN invoice ON invoice.id = invoice_id
          WHERE dispute.id = ?
          """, arguments: [id])
      guard db.changesCount > 0, [.upheld, .rejected].contains(state), let row else {
        throw UsageStoreError(.notFound, "no open dispute has the number \(id)")
      }
      try note(
        "dispute.resolve", "dispute \(id)", "\(state)",
        change: AuditChange("\(DisputeState.open)", "\(state)"), in: db)
      let invoice = try Self.invoice(row["number"], in: db)
      let (number, line) = (invoice.document.number, row["line"] as Int64)
      _ = try publishNotice(
        title: "Your dispute over invoice \(number) is decided",
        body: "You disputed line \(line) of your invoice \(number). "
          + (state == .upheld
            ? "You were right: it is not owed, and a credit note takes it back."
            : "It stands as it was issued, and is owed.")
          + " \(centsText(invoice.openCents)) EUR of the invoice are open, due on "
          + "\(invoice.document.due).",
        to: invoice.account, invoice: invoice, in: db)
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
