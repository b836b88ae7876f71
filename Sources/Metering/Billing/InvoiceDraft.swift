// An invoice before it has a number: lines out of the ledger's sums, tax on the net total.
//
// Pure arithmetic in integers. The exact amounts of the lines add up to what the events say, by
// equality, or there is no invoice.

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
package enum InvoiceError: Error, Hashable, Sendable {
  /// Usage under a price list that the book does not hold.
  case unknownPrice(PriceID)
  /// Units times prices is not what the events were charged: the ledger has to be looked at.
  case unreconciled(PriceID, lines: MoneySum, events: MoneySum)
  /// A sum beyond the range of money.
  case outOfRange
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
  /// - Throws: ``InvoiceError``, above all where lines and events differ by a single pico-euro.
  package init(
    account: AccountID, month: UTCMonth, usage: [BillableUsage], lists: [PriceList],
    taxRule: TaxRule
  ) throws(InvoiceError) {
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
      let drawn = try Self.lines(of: part, prices: prices)
      let total = drawn.reduce(.zero) { $0 + MoneySum($1.exact) }
      guard total == part.sums.cost else {
        throw .unreconciled(part.price, lines: total, events: part.sums.cost)
      }
      lines += drawn
    }
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

  /// The lines of one model under one list, without those that have no units or no price.
  private static func lines(
    of part: BillableUsage, prices: Prices
  ) throws(InvoiceError) -> [InvoiceLine] {
    var lines: [InvoiceLine] = []
    for meter in BilledMeter.allCases {
      let (units, price) = (meter.units(in: part.sums), meter.price(in: prices))
      guard units > 0, price > 0 else { continue }
      do throws(MoneyError) {
        lines.append(
          InvoiceLine(
            model: part.model, price: part.price, meter: meter, units: units, unitPrice: price,
            exact: try PicoEuro(rawValue: price).times(units)))
      } catch { throw .outOfRange }
    }
    return lines
  }
}
