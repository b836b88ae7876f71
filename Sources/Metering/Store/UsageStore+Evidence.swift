// What a disputed line of an invoice is made of: the receipts of its requests.

extension UsageStore {
  /// The receipts of the requests that a disputed line adds up, oldest first within each file. Of a
  /// line of late usage, and of one beside which there is one: those of the whole month.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` where the events of the month are no
  ///   longer kept or do not add up to the line.
  package func evidence(of dispute: Int64) throws -> [Receipt] {
    guard let record = try disputes().first(where: { $0.id == dispute }) else {
      throw UsageStoreError(.notFound, "no dispute has the number \(dispute)")
    }
    let invoice = try invoice(record.number)
    guard let paper = invoice.document.lines.first(where: { $0.number == record.line }),
      let month = UTCMonth(paper.month ?? invoice.document.month),
      let hours = try paper.month == nil
        ? invoice.document.hours : billedHours(of: month, account: invoice.account),
      let line = try line(paper, of: invoice, hours: hours)
    else { throw Self.noEvidence(record) }
    // What was paid in advance is on no invoice.
    let paid = try prepaidHours(of: invoice.account)
    var receipts: [Receipt] = []
    var units: Int64 = 0
    for file in try months() where file >= month.previous && file <= month.next {
      let rows = try events(
        of: file,
        """
        WHERE account_id = ? AND settled_ms >= ? AND settled_ms < ? AND model_id = ?
        AND price_id = ? AND billable = 1 ORDER BY seq
        """,
        [
          invoice.account.rawValue, hours.lowerBound * 3_600_000, hours.upperBound * 3_600_000,
          line.model.rawValue, line.price.rawValue,
        ]
      ).filter { event in
        let hour = event.row.settledMilliseconds / 3_600_000
        return line.meter.units(in: LedgerSums(event.row)) > 0
          && !paid.contains { $0.contains(hour) }
      }
      units += rows.reduce(0) { $0 + line.meter.units(in: LedgerSums($1.row)) }
      if !rows.isEmpty { receipts += try self.receipts(of: rows, in: file) }
    }
    let billed = try invoices(account: invoice.account).filter {
      $0.document.kind == .invoice && !$0.isTakenBack
    }.flatMap { invoice in
      invoice.document.lines.filter {
        ($0.month ?? invoice.document.month) == month.description && $0.isSame(as: paper)
      }
    }
    guard units == paper.units || units == billed.reduce(0, { $0 + $1.units }) else {
      throw Self.noEvidence(record)
    }
    return receipts
  }

  /// The line of a draft that one of a paper was made of. Price lists with the same price make
  /// several of a kind, in the same order on both.
  private func line(
    _ paper: InvoiceDocument.Line, of invoice: InvoiceRecord, hours: Range<Int64>
  ) throws -> InvoiceLine? {
    let names = try modelNames()
    let place = invoice.document.lines.count {
      $0.number < paper.number && $0.month == paper.month && $0.isSame(as: paper)
    }
    return try suppliedLines(account: invoice.account, hours: hours).filter {
      InvoiceDocument.name(of: $0.model, in: names) == paper.model
        && $0.meter.title == paper.meter && $0.unitPrice == paper.price
    }.dropFirst(place).first
  }

  private static func noEvidence(_ dispute: DisputeRecord) -> UsageStoreError {
    UsageStoreError(
      .wrongState,
      "the requests behind line \(dispute.line) of '\(dispute.number)' are not all kept any more")
  }
}

extension InvoiceDocument.Line {
  /// Whether both are of one kind of unit of one model at one price.
  fileprivate func isSame(as other: Self) -> Bool {
    (model, meter, price) == (other.model, other.meter, other.price)
  }
}

extension LedgerSums {
  /// What one request came to.
  fileprivate init(_ row: UsageRow) {
    self.init()
    requests = 1
    usage = row.usage
    cost = MoneySum(row.cost)
  }
}
