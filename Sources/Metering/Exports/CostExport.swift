// Costs in the columns of the FinOps Open Cost and Usage Specification (FOCUS) 1.0: a row for each
// day, key, model, price and kind of unit, and one more for what of them was not charged. Out of the
// rollups, so it is there for as long as they are. What was paid in advance is billed nothing; the
// column `x_Paid`, which is none of FOCUS, tells it from what is on an invoice.

import FoundationEssentials

extension UsageStore {
  private static let costColumns = [
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice",
    "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId",
    "SkuPriceId", "x_Paid",
  ]

  /// Writes the table of an account's month, heading first. Amounts are exact euros without taxes.
  ///
  /// - Parameter name: how a name is written.
  func exportCosts(
    of account: AccountRecord, month: UTCMonth, name: (String) -> String,
    _ line: (String) throws -> Void
  ) throws {
    try line(tableLine(Self.costColumns))
    let hours = try billedHours(of: month, account: account.id)
    let period = [hours.lowerBound, hours.upperBound].map { timeText($0 * 3_600_000) }
    let seller = name(try seller()?.name ?? "Apus")
    let lists = Dictionary(uniqueKeysWithValues: try priceLists().map { ($0.id, $0.prices) })
    let keys = Dictionary(uniqueKeysWithValues: try keys().map { ($0.id, $0) })
    let models = try modelNames()
    for (part, span, paid) in try costParts(of: account.id, hours: hours) {
      guard let prices = lists[part.price] else { continue }
      let day = [span.lowerBound, span.upperBound].map { timeText($0 * 3_600_000) }
      let model = models[part.model]?.text ?? ""
      let key = keys[part.key]
      /// - Parameter meter: the kind of unit that costs this; nil for what is taken off.
      func write(_ cost: MoneySum, for meter: BilledMeter?) throws {
        let billed = (paid == .invoice ? cost : .zero).description
        let cost = cost.description
        let title = meter?.title ?? InvoiceDocument.notChargedText
        let price = meter.map { PicoEuro(rawValue: $0.price(in: prices)).description } ?? ""
        let units = meter.map { "\($0.units(in: part.sums))" } ?? ""
        let unit = meter?.title ?? ""
        try line(
          tableLine([
            billed, "\(account.id.rawValue)", name(account.name.text), "EUR", period[1], period[0],
            meter == nil ? "Credit" : "Usage", "", name("\(model), \(title)"), "Usage-Based",
            day[1], day[0], units, unit, cost, price, cost, seller, cost, price,
            meter == nil ? "" : "Standard", units, unit, seller, seller,
            key.map { "\($0.name)" } ?? "", name(key?.label.text ?? ""), "API key",
            "AI and Machine Learning", name(model),
            meter.map { name("\(model)/\($0.rawValue)") } ?? "", "\(part.price.rawValue)",
            paid.rawValue,
          ]))
      }
      var listed = MoneySum.zero
      for meter in BilledMeter.allCases {
        let units = meter.units(in: part.sums)
        guard units > 0 else { continue }
        let cost = PicoEuro(rawValue: meter.price(in: prices)).total(for: units)
        listed += cost
        try write(cost, for: meter)
      }
      // What a request was charged less than its units come to, as an invoice takes it off.
      let difference = MoneySum(rawValue: part.sums.cost.rawValue - listed.rawValue)
      if difference != .zero { try write(difference, for: nil) }
    }
  }

  /// Billable usage of a month by day of it, with the hours of each part: a day in which it changes
  /// how an account pays has several.
  private func costParts(
    of account: AccountID, hours: Range<Int64>
  ) throws(UsageStoreError) -> [(part: UsagePart, hours: Range<Int64>, paid: PaymentWay)] {
    let invoiced = hours.subtracting(try prepaidHours(of: account))
    let spans =
      invoiced.map { ($0, PaymentWay.invoice) }
      + hours.subtracting(invoiced).map { ($0, PaymentWay.credit) }
    var parts: [(part: UsagePart, hours: Range<Int64>, paid: PaymentWay)] = []
    for (span, paid) in spans.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
      // Up to the end of the day in which it begins, and from there on by days.
      let begun = (span.lowerBound - hours.lowerBound + 23) / 24 * 24 + hours.lowerBound
      let middle = min(begun, span.upperBound)
      for range in [span.lowerBound..<middle, middle..<span.upperBound] where !range.isEmpty {
        for part in try usage(UsageQuery(account: account, hours: range, bucketHours: 24)) {
          let start = range.lowerBound + part.bucket * 24
          parts.append((part, start..<min(start + 24, range.upperBound), paid))
        }
      }
    }
    return parts
  }
}
