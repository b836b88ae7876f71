// One line of an invoice: units of one kind, of one model, at one price.

/// A kind of unit that is billed.
package enum BilledMeter: Int64, Sendable, CaseIterable {
  case input = 1
  case cachedInput = 2
  case output = 3
  case reasoning = 4
  case audioMillisecond = 5
  case request = 6

  /// The units of this kind in what many requests came to.
  func units(in sums: LedgerSums) -> Int64 {
    switch self {
    case .input: sums.usage.promptTokens - sums.usage.cachedPromptTokens
    case .cachedInput: sums.usage.cachedPromptTokens
    case .output: sums.usage.completionTokens - sums.usage.reasoningTokens
    case .reasoning: sums.usage.reasoningTokens
    case .audioMillisecond: sums.usage.audioMilliseconds
    case .request: sums.requests
    }
  }

  /// The price of a unit of this kind, in millionths of a euro per 1,000,000.
  func price(in prices: Prices) -> Int64 {
    switch self {
    case .input: prices.input
    case .cachedInput: prices.cachedInput
    case .output: prices.output
    case .reasoning: prices.reasoning
    case .audioMillisecond: prices.audioMillisecond
    case .request: prices.request
    }
  }
}

/// One line: units × unit price less what was not charged, and the only rounding there is.
package struct InvoiceLine: Hashable, Sendable {
  package let model: ModelID
  package let price: PriceID
  package let meter: BilledMeter
  package let units: Int64
  /// Millionths of a euro per 1,000,000 units, which an electronic invoice states as the price of a
  /// base quantity of 1,000,000.
  package let unitPrice: Int64
  /// The month that it was used in, where that is an earlier one than the invoice's.
  package internal(set) var month: UTCMonth?
  /// What the requests were charged, exactly: units times unit price, less what was not charged.
  package private(set) var exact: PicoEuro
  /// What the requests were charged less than units times unit price.
  package private(set) var notCharged = PicoEuro.zero
  /// What the line says, in cents: the exact amount rounded half up.
  package var netCents: Int64 { exact.roundedCents }
  /// The cents that the paper takes off units times unit price, so that it adds up.
  package var allowanceCents: Int64 {
    PicoEuro(rawValue: exact.rawValue + notCharged.rawValue).roundedCents - netCents
  }

  var isOutput: Bool { meter == .output || meter == .reasoning }

  /// A line of all its units.
  init(
    model: ModelID, price: PriceID, meter: BilledMeter, units: Int64, unitPrice: Int64
  ) throws(MoneyError) {
    self.model = model
    self.price = price
    self.meter = meter
    self.units = units
    self.unitPrice = unitPrice
    exact = try PicoEuro(rawValue: unitPrice).times(units)
  }

  /// Takes off up to `amount` of what the line comes to.
  ///
  /// - Returns: what it did not hold.
  mutating func takeOff(_ amount: Int128) -> Int128 {
    let taken = Int64(min(Int128(exact.rawValue), amount))
    exact = PicoEuro(rawValue: exact.rawValue - taken)
    notCharged = PicoEuro(rawValue: notCharged.rawValue + taken)
    return amount - Int128(taken)
  }
}

/// Billable usage of one model under one price list.
package struct BillableUsage: Hashable, Sendable {
  package let model: ModelID
  package let price: PriceID
  package let sums: LedgerSums

  /// What one model came to under one list.
  package init(model: ModelID, price: PriceID, sums: LedgerSums) {
    self.model = model
    self.price = price
    self.sums = sums
  }
}

extension LedgerSums {
  /// What each kind of unit comes to at these prices, by the words of an invoice's line; those that
  /// cost nothing are left out.
  package func costs(at prices: Prices) -> [(title: String, cost: MoneySum)] {
    BilledMeter.allCases.map { meter in
      (meter.title, PicoEuro(rawValue: meter.price(in: prices)).total(for: meter.units(in: self)))
    }.filter { $0.1 > .zero }
  }
}
