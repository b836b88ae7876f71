// An invoice before it has a number: lines out of the ledger's sums, tax on the net total.
//
// Pure arithmetic in integers. The exact amounts of the lines add up to what the events say, by
// equality, or there is no invoice. Where the events say less than units times prices, the lines say
// so: nobody pays more than they were told at the end of each request.

/// How tax is charged on an invoice.
package enum TaxRule: Hashable, Sendable {
  /// A rate in hundredths of a percent: 2400 is 24 %.
  case rate(basisPoints: Int64)
  /// The customer owes the tax (Article 196 of Directive 2006/112/EC): the invoice says so.
  case reverseCharge

  /// The tax on a net amount in cents, rounded half up.
  func tax(onCents net: Int64) -> Int64? {
    switch self {
    case .reverseCharge: return 0
    case .rate(let basisPoints):
      let (product, overflow) = net.multipliedReportingOverflow(by: basisPoints)
      guard !overflow else { return nil }
      let (tax, rest) = product.quotientAndRemainder(dividingBy: 10_000)
      return tax + (rest >= 5000 ? 1 : rest <= -5000 ? -1 : 0)
    }
  }
}

/// Why there is no invoice.
package enum InvoiceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Usage under a price list that the book does not hold.
  case unknownPrice(PriceID)
  /// Units times prices is less than the events were charged: the ledger has to be looked at.
  case unreconciled(PriceID, lines: MoneySum, events: MoneySum)
  /// A sum beyond the range of money.
  case outOfRange

  package var description: String {
    switch self {
    case .unknownPrice(let id):
      "requests were charged by price list \(id.rawValue), which there is not: restore meter.db "
        + "from a backup"
    case .unreconciled(let id, let lines, let events):
      "units and prices of list \(id.rawValue) come to \(lines) EUR, and the requests were charged "
        + "\(events): look with 'apus meter doctor', and restore the file of the month"
    case .outOfRange: "the bill is beyond any amount of money"
    }
  }
}

/// What an account owes for a month.
package struct InvoiceDraft: Hashable, Sendable {
  package let account: AccountID
  package let month: UTCMonth
  package let lines: [InvoiceLine]
  package let taxRule: TaxRule
  /// The sum of the lines' rounded amounts (BT-106 and BT-109 of EN 16931).
  package let netCents: Int64
  /// Tax on the net sum, rounded once (BT-110).
  package let taxCents: Int64
  /// What is to be paid (BT-112).
  package var grossCents: Int64 { netCents + taxCents }

  /// Draws up an invoice.
  ///
  /// - Parameters:
  ///   - usage: the month's billable usage, by model and price list.
  ///   - lists: the price lists it was charged under.
  /// - Throws: ``InvoiceError``, above all where events say a single pico-euro more than lines.
  package init(
    account: AccountID, month: UTCMonth, usage: [BillableUsage], lists: [PriceList],
    taxRule: TaxRule
  ) throws(InvoiceError) {
    try self.init(
      account: account, month: month, lines: Self.lines(of: usage, lists: lists), taxRule: taxRule)
  }

  /// Draws up an invoice of lines that add up to what their events were charged.
  init(
    account: AccountID, month: UTCMonth, lines: [InvoiceLine], taxRule: TaxRule
  ) throws(InvoiceError) {
    var net: Int64 = 0
    for line in lines {
      let (sum, overflow) = net.addingReportingOverflow(line.netCents)
      guard !overflow else { throw .outOfRange }
      net = sum
    }
    guard let tax = taxRule.tax(onCents: net), !net.addingReportingOverflow(tax).overflow else {
      throw .outOfRange
    }
    self.account = account
    self.month = month
    self.lines = lines
    self.taxRule = taxRule
    netCents = net
    taxCents = tax
  }

  /// The lines of usage, by model and price list.
  static func lines(
    of usage: [BillableUsage], lists: [PriceList]
  ) throws(InvoiceError) -> [InvoiceLine] {
    let prices = Dictionary(
      lists.map { ($0.id, $0.prices) }, uniquingKeysWith: { first, _ in first })
    var lines: [InvoiceLine] = []
    let ordered = usage.sorted {
      ($0.model.rawValue, $0.price.rawValue) < ($1.model.rawValue, $1.price.rawValue)
    }
    for part in ordered {
      guard let prices = prices[part.price] else {
        // What has no price list is free, and free usage needs no line.
        if part.price == .none, part.sums.cost == .zero { continue }
        throw .unknownPrice(part.price)
      }
      lines += try Self.lines(of: part, prices: prices)
    }
    return lines
  }

  /// What is billed less than units times prices.
  package var notCharged: MoneySum { lines.reduce(.zero) { $0 + MoneySum($1.notCharged) } }

  /// The lines of one model under one list, which add up to what its events were charged; without
  /// those that have no units or no price.
  private static func lines(
    of part: BillableUsage, prices: Prices
  ) throws(InvoiceError) -> [InvoiceLine] {
    var lines: [InvoiceLine] = []
    for meter in BilledMeter.allCases {
      let (units, price) = (meter.units(in: part.sums), meter.price(in: prices))
      guard units > 0, price > 0 else { continue }
      do throws(MoneyError) {
        lines.append(
          try InvoiceLine(
            model: part.model, price: part.price, meter: meter, units: units, unitPrice: price))
      } catch { throw .outOfRange }
    }
    let total = lines.reduce(.zero) { $0 + MoneySum($1.exact) }
    var excess = total.rawValue - part.sums.cost.rawValue
    if excess > 0 {
      // Output is what a request can have more of than it was charged for.
      for place in lines.indices.sorted(by: { lines[$0].isOutput && !lines[$1].isOutput }) {
        excess = lines[place].takeOff(excess)
      }
    }
    guard excess == 0 else {
      throw .unreconciled(part.price, lines: total, events: part.sums.cost)
    }
    return lines
  }
}
