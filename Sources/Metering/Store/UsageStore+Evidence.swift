// What a disputed line of an invoice is made of: the receipts of its requests.

extension UsageStore {
  /// The receipts of the requests that a disputed line adds up, oldest first within each file.
  ///
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` where the events of the month are no
  ///   longer kept or do not add up to the line.
  package func evidence(of dispute: Int64) throws -> [Receipt] {
    guard let record = try disputes().first(where: { $0.id == dispute }) else {
      throw UsageStoreError(.notFound, "no dispute has the number \(dispute)")
    }
    let invoice = try invoice(record.number)
    guard let month = UTCMonth(invoice.document.month), let hours = invoice.document.hours,
      let paper = invoice.document.lines.first(where: { $0.number == record.line }),
      let line = try draftInvoice(account: invoice.account, month: month).lines
        .dropFirst(record.line - 1).first
    else { throw Self.noEvidence(record) }
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
      ).filter { line.meter.units(in: LedgerSums($0.row)) > 0 }
      units += rows.reduce(0) { $0 + line.meter.units(in: LedgerSums($1.row)) }
      if !rows.isEmpty { receipts += try self.receipts(of: rows, in: file) }
    }
    guard units == paper.units, line.meter.title == paper.meter else {
      throw Self.noEvidence(record)
    }
    return receipts
  }

  private static func noEvidence(_ dispute: DisputeRecord) -> UsageStoreError {
    UsageStoreError(
      .wrongState,
      "the requests behind line \(dispute.line) of '\(dispute.number)' are not all kept any more")
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
