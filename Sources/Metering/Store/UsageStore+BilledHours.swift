// Which hours an invoice is for. The operator may bill in another zone from some day on, whose months begin
// and end at other hours: an hour is on one invoice of an account all the same, and on no two.

import GRDB

extension UsageStore {
  /// The hours of a month's invoice, counted from 1970-01-01 00:00 UTC: those of the issued one; else
  /// the month in a zone, which begins where the invoice of the month before ends, and ends where that of
  /// the month behind it begins.
  ///
  /// - Parameter issued: all invoices of the account.
  package static func billedHours(
    of month: UTCMonth, in zone: BillingZone, issued: [InvoiceDocument]
  ) -> Range<Int64> {
    let own = zone.hours(of: month)
    var (start, end) = (own.lowerBound, own.upperBound)
    for document in issued {
      guard let other = UTCMonth(document.month) else { continue }
      let hours = document.hours ?? zone.hours(of: other)
      switch other {
      case month: return hours
      case month.previous: start = hours.upperBound
      case month.next: end = hours.lowerBound
      default:
        if other < month { start = max(start, hours.upperBound) }
        if other > month { end = min(end, hours.lowerBound) }
      }
    }
    return start..<max(start, end)
  }

  /// The hours of an account's invoice of a month, as it was issued or would be now.
  func billedHours(of month: UTCMonth, account: AccountID) throws(UsageStoreError) -> Range<Int64> {
    Self.billedHours(
      of: month, in: try billingSettings().zone, issued: try issuedInvoices(of: account))
  }

  /// The invoices of an account that hold: without credit notes, and without those that were taken
  /// back whole, unless nobody is to be billed for their months anew.
  func issuedInvoices(of account: AccountID) throws(UsageStoreError) -> [InvoiceDocument] {
    let waived = Set(try waivedMonths(of: account).map(\.description))
    return try read(doing: "read the invoices of an account") { db in
      // By name: the planner takes the index of credit notes, which is no help.
      try Row.fetchAll(
        db,
        sql: InvoiceRecord.select
          + " INDEXED BY invoice_is_issued_once WHERE account_id = ? AND credits IS NULL ORDER BY id",
        arguments: [account.rawValue]
      ).map(InvoiceRecord.init).filter {
        !$0.isTakenBack || waived.contains($0.document.month)
      }.map(\.document)
    }
  }
}

extension InvoiceDocument {
  /// The hours that it is for, counted from 1970-01-01 00:00 UTC; nil where it does not say, and the
  /// system does not know its zone.
  package var hours: Range<Int64>? {
    if let firstHour, let endHour, firstHour <= endHour { return firstHour..<endHour }
    guard let month = UTCMonth(month) else { return nil }
    return BillingZone(zone)?.hours(of: month)
  }
}
