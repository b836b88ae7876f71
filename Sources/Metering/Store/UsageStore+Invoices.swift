// Invoices: drawn up from the ledger, numbered without gaps, frozen, taken back by credit notes.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// How long after the end of an hour or a month its last settlements are certainly on the disk.
  static let closingMilliseconds: Int64 = 300_000

  /// What an account owes for a month, as it stands now. Hours in which it paid in advance are paid.
  ///
  /// - Throws: ``UsageStoreError``, or ``InvoiceError`` where events say more than lines.
  package func draftInvoice(account: AccountID, month: UTCMonth) throws -> InvoiceDraft {
    try draftInvoice(account: account, month: month, issued: issuedInvoices(of: account))
  }

  /// Draws up a month beside the invoices that an account has, without those that were taken back.
  ///
  /// - Parameter late: what came behind them; nil to look for it.
  func draftInvoice(
    account: AccountID, month: UTCMonth, issued: [InvoiceDocument], late: [LateUsage]? = nil
  ) throws -> InvoiceDraft {
    let reverseCharge = try buyer(of: account)?.reverseCharge == true
    return try InvoiceDraft(
      account: account, month: month,
      lines: owedLines(account: account, month: month, issued: issued, late: late),
      taxRule: reverseCharge
        ? .reverseCharge : .rate(basisPoints: billingSettings().taxBasisPoints))
  }

  /// Issues the invoice of a month that is over. Issuing it again gives the one there is; one that
  /// was taken back whole is replaced by a new one.
  ///
  /// - Returns: the invoice; nil where nothing is owed or the month is given up, which takes no
  ///   number.
  /// - Throws: ``UsageStoreError``: `wrongState` before the month is over, or where seller, buyer, a
  ///   VAT id or a part of an address is missing; ``InvoiceError``.
  package func issueInvoice(account: AccountID, month: UTCMonth) throws -> InvoiceRecord? {
    let own = try invoices(account: account).filter {
      $0.document.kind == .invoice && $0.document.month == month.description
    }
    if let record = own.first(where: { !$0.isTakenBack }) { return record }
    guard try !waivedMonths(of: account).contains(month) else { return nil }
    let issued = try issuedInvoices(of: account)
    let now = clock.wallMilliseconds()
    let settings = try billingSettings()
    let hours = Self.billedHours(of: month, in: settings.zone, issued: issued)
    guard now >= hours.upperBound * 3_600_000 + Self.closingMilliseconds else {
      throw UsageStoreError(
        .wrongState, "\(month) is not over: its invoice can be issued five minutes after its end")
    }
    let draft = try draftInvoice(account: account, month: month, issued: issued)
    guard draft.grossCents > 0 else { return nil }
    let (seller, buyer) = try parties(of: account)
    let models = try modelNames()
    let receipts = try receiptRoots(around: month)
    return try write(doing: "issue an invoice") { db in
      let document = InvoiceDocument(
        draft, hours: hours, number: try Self.nextNumber(settings.series, in: db),
        issued: settings.zone.date(wallMilliseconds: now), seller: seller, buyer: buyer,
        settings: settings, models: models, receipts: receipts)
      let record = try insert(
        document, account: account, now: now, settings, replaces: own.last, in: db)
      _ = try publishNotice(
        title: "Invoice \(document.number)",
        body: "Your invoice \(document.number) for \(document.month) comes to "
          + "\(centsText(document.grossCents)) EUR and is due on \(document.due). You can dispute "
          + "its lines for \(Self.disputeDays) days.", to: account, invoice: record, in: db)
      return record
    }
  }

  /// Takes an invoice, or some of its lines, back with a credit note of the same lines. A line is
  /// on one credit note at most.
  ///
  /// A month whose invoice was taken back whole can be billed anew, to another buyer or at another
  /// tax; but not where a line was taken back for a dispute: what a customer was right about is
  /// billed to nobody.
  ///
  /// - Parameters:
  ///   - numbers: of the lines; nil for all that were not taken back yet.
  ///   - waivesMonth: whether the month is given up where nothing is left of its invoice.
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` for what was taken back before.
  package func creditInvoice(
    _ number: String, lines numbers: Set<Int>? = nil, waivesMonth: Bool = false
  ) throws(UsageStoreError) -> InvoiceRecord {
    let now = clock.wallMilliseconds()
    return try write(doing: "issue a credit note") { db in
      let invoice = try Self.invoice(number, in: db)
      guard invoice.document.kind == .invoice else {
        throw UsageStoreError(
          .wrongState, "'\(number)' is a credit note, which cannot be taken back")
      }
      let credited = invoice.creditedLines
      let known = Set(invoice.document.lines.map(\.number))
      let wanted = numbers ?? known.subtracting(credited)
      guard wanted.isSubset(of: known), numbers?.isEmpty != true else {
        throw UsageStoreError(
          .notFound, "'\(number)' has the lines 1 to \(invoice.document.lines.count) and no other")
      }
      guard !wanted.isEmpty, wanted.isDisjoint(with: credited) else {
        let lines = wanted.intersection(credited).sorted().map { "\($0)" }
        throw UsageStoreError(
          .wrongState,
          (lines.isEmpty ? "'\(number)'" : "line \(lines.joined(separator: ", ")) of '\(number)'")
            + " was taken back already, by \(invoice.creditedBy.joined(separator: ", "))")
      }
      let lines = invoice.document.lines.filter { wanted.contains($0.number) }
      let settings = try Self.settings(in: db)
      let document = InvoiceDocument(
        crediting: lines, of: invoice.document, after: credited,
        number: try Self.nextNumber(settings.series, in: db),
        issued: settings.zone.date(wallMilliseconds: now))
      let isConceded = try Self.hasConceded(invoice, in: db)
      try Self.settleDisputes(of: invoice, lines: lines, now: now, in: db)
      let record = try self.insert(
        document, account: invoice.account, now: now, settings, credits: invoice, in: db)
      let isTakenBack = try Self.invoice(number, in: db).isTakenBack
      if isTakenBack, waivesMonth || isConceded, let month = UTCMonth(document.month) {
        try waive([month], of: invoice.account, in: db)
      }
      try resumeWherePaid(invoice.account, now: now, in: db)
      _ = try publishNotice(
        title: "Credit note \(document.number)",
        body: "The credit note \(document.number) takes "
          + (wanted == known ? "your invoice \(number)" : "lines of your invoice \(number)")
          + " back: \(centsText(document.grossCents)) EUR.",
        to: record.account, invoice: record, in: db)
      return record
    }
  }

  /// The invoices and credit notes of an account, or of all, oldest first.
  package func invoices(
    account: AccountID? = nil
  ) throws(UsageStoreError) -> [InvoiceRecord] {
    try read(doing: "read the invoices") { db in
      try Row.fetchAll(
        db, sql: InvoiceRecord.select + " WHERE ? IS NULL OR account_id = ? ORDER BY id",
        arguments: [account?.rawValue, account?.rawValue]
      ).map(InvoiceRecord.init)
    }
  }

  /// The document of this number.
  package func invoice(_ number: String) throws(UsageStoreError) -> InvoiceRecord {
    try read(doing: "read an invoice") { try Self.invoice(number, in: $0) }
  }

  static func invoice(_ number: String, in db: Database) throws -> InvoiceRecord {
    let row = try Row.fetchOne(
      db, sql: InvoiceRecord.select + " WHERE number = ?", arguments: [number])
    guard let row else {
      throw UsageStoreError(
        .notFound, "no invoice has this number: 'apus meter invoice list' shows those there are")
    }
    return try InvoiceRecord(row)
  }

  /// The trees over the receipts of the files that a month is billed from.
  private func receiptRoots(
    around month: UTCMonth
  ) throws -> [InvoiceDocument.ReceiptRoot] {
    try months().filter { $0 >= month.previous && $0 <= month.next }.map { file in
      let (root, count) = try receiptRoot(of: file)
      return InvoiceDocument.ReceiptRoot(
        month: file.description, count: count, root: hexText(root))
    }
  }

  /// Takes the next number of a series; it is free again where the transaction does not end well.
  private static func nextNumber(_ series: String, in db: Database) throws -> String {
    try db.execute(
      sql: """
        INSERT INTO invoice_series VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1
        """, arguments: [series])
    let number =
      try Int64.fetchOne(
        db, sql: "SELECT last FROM invoice_series WHERE series = ?", arguments: [series]) ?? 1
    let digits = String(number)
    return series + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
  }

  private func insert(
    _ document: InvoiceDocument, account: AccountID, now: Int64, _ settings: BillingSettings,
    credits: InvoiceRecord? = nil, replaces: InvoiceRecord? = nil, in db: Database
  ) throws -> InvoiceRecord {
    let bytes = try document.encoded()
    // Who pays on the day that the paper names is not late: what is due ends with that day.
    let due = CivilDate(document.due) ?? settings.zone.date(wallMilliseconds: now)
    let end = settings.zone.beginning(of: due.adding(days: 1))
    // An invoice and its credit notes are a chain: each names the one before it.
    let before = try credits.flatMap { invoice in
      try Int64.fetchOne(
        db, sql: "SELECT id FROM invoice WHERE number = ?",
        arguments: [invoice.creditedBy.last ?? invoice.document.number])
    }
    try db.execute(
      sql: """
        INSERT INTO invoice (number, account_id, month, credits, issued_ms, due_ms, gross_cents,
          document, hash, replaces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        document.number, account.rawValue, document.month, before, now, end,
        document.grossCents, Data(bytes), Data(LibCrypto.sha256(bytes)),
        replaces?.id,
      ])
    try note(
      document.kind == .invoice ? "invoice.issue" : "invoice.credit", "invoice \(document.number)",
      "account \(account.rawValue), \(centsText(document.grossCents)) EUR",
      change: credits.map { invoice in
        AuditChange(
          "\(centsText(invoice.owedCents)) EUR",
          "\(centsText(max(0, invoice.owedCents - document.grossCents))) EUR")
      } ?? AuditChange(), in: db)
    return try Self.invoice(document.number, in: db)
  }
}
