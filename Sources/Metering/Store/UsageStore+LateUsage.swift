// What was written down in a month whose invoice is out already: by a node that was cut off, from a
// file that was restored. The invoice stays as it is, and the next one bills what it has not.

import GRDB

/// Where an issued invoice and the requests of its month differ.
struct LateUsage {
  let account: AccountID
  /// The month of the supply.
  let month: UTCMonth
  /// The number of its invoice.
  let invoice: String
  /// The month whose invoice bills what is late: the next one that has none.
  let carrier: UTCMonth
  /// What is on no invoice.
  let lines: [InvoiceLine]
  /// Units that are on an invoice, and in no request any more.
  let missingUnits: Int64
  /// Why nobody can say; nil where somebody can.
  let obstacle: String?

  /// What is wrong; none where they are equal.
  var faults: [DraftFault] {
    func fault(_ isBillable: Bool, _ text: String) -> DraftFault {
      DraftFault(account: account, month: month, isBillable: isBillable, text: text)
    }
    if let obstacle { return [fault(false, obstacle)] }
    var faults: [DraftFault] = []
    if !lines.isEmpty {
      let units = lines.reduce(0) { $0 + $1.units }
      faults.append(
        fault(
          true,
          "\(units) units came when its invoice \(invoice) was out: they are billed with \(carrier)"
        ))
    }
    if missingUnits > 0 {
      faults.append(
        fault(
          false,
          "its invoice \(invoice) has \(missingUnits) units that no request has any more: restore "
            + "the file of the month from a backup"))
    }
    return faults
  }
}

extension UsageStore {
  /// The lines of a month's invoice: what was used in it and is on no other one, and what came late
  /// of months before it. Of a month that has an invoice, all that was used in it.
  ///
  /// - Parameters:
  ///   - issued: the invoices of the account that hold.
  ///   - late: what came behind them; nil to look for it.
  func owedLines(
    account: AccountID, month: UTCMonth, issued: [InvoiceDocument], late: [LateUsage]?
  ) throws -> [InvoiceLine] {
    let own = try suppliedLines(account: account, month: month, issued: issued)
    if issued.contains(where: { $0.month == month.description }) { return own }
    // An invoice that was taken back may have left late usage on one behind it.
    let rest = try own.comparing(with: issued.lines(of: month), names: modelNames()).late
    let late = try late ?? lateUsage(of: account, issued: issued)
    return rest + late.filter { $0.carrier == month }.flatMap(\.lines)
  }

  /// What was used in a month and is paid with its invoice, line by line.
  func suppliedLines(
    account: AccountID, month: UTCMonth, issued: [InvoiceDocument]
  ) throws -> [InvoiceLine] {
    let zone = try billingSettings().zone
    return try suppliedLines(
      account: account, hours: Self.billedHours(of: month, in: zone, issued: issued))
  }

  /// What was used in hours and is paid with an invoice, line by line.
  func suppliedLines(account: AccountID, hours: Range<Int64>) throws -> [InvoiceLine] {
    try InvoiceDraft.lines(
      of: billableUsage(account: account, hours: hours, except: prepaidHours(of: account)),
      lists: priceLists())
  }

  /// Where invoices differ from the requests of their months, oldest month first. Only months whose
  /// files of events are still written to, or may be, are looked at.
  ///
  /// - Parameters:
  ///   - issued: the invoices of the account that hold.
  ///   - only: months to look at; nil for all.
  func lateUsage(
    of account: AccountID, issued: [InvoiceDocument], only: [UTCMonth]? = nil
  ) throws(UsageStoreError) -> [LateUsage] {
    let (files, names) = (try monthsOfFiles(), try modelNames())
    let taken = Set(issued.map(\.month)).union(try waivedMonths(of: account).map(\.description))
    var found: [LateUsage] = []
    for document in issued {
      guard let month = UTCMonth(document.month), files.contains(month),
        only?.contains(month) != false
      else { continue }
      var carrier = month.next
      while taken.contains(carrier.description) { carrier = carrier.next }
      var (lines, missing, obstacle): ([InvoiceLine], Int64, String?) = ([], 0, nil)
      do {
        (lines, missing) = try suppliedLines(account: account, month: month, issued: issued)
          .comparing(with: issued.lines(of: month), names: names)
      } catch { obstacle = (error as? UsageStoreError)?.message ?? "\(error)" }
      for place in lines.indices { lines[place].month = month }
      if lines.isEmpty, missing == 0, obstacle == nil { continue }
      found.append(
        LateUsage(
          account: account, month: month, invoice: document.number, carrier: carrier, lines: lines,
          missingUnits: missing, obstacle: obstacle))
    }
    return found.sorted { $0.month < $1.month }
  }
}

/// What makes two lines the same supply.
private struct Supply: Hashable {
  let model: String
  let meter: String
  let price: Int64
}

extension [InvoiceDocument] {
  /// The lines on them of what was supplied in a month.
  fileprivate func lines(of month: UTCMonth) -> [InvoiceDocument.Line] {
    flatMap { document in
      document.lines.filter { ($0.month ?? document.month) == month.description }
    }
  }
}

extension [InvoiceLine] {
  private static let picoEurosInCent: Int128 = 10_000_000_000

  /// What of a month's lines no invoice has, and how many units invoices have beyond them.
  ///
  /// - Parameters:
  ///   - billed: the lines of invoices of the month. What was taken off one of them is known to the
  ///     cent; the difference is the customer's.
  ///   - names: of the models, as invoices call them.
  /// - Throws: ``InvoiceError/outOfRange``.
  fileprivate func comparing(
    with billed: [InvoiceDocument.Line], names: [ModelID: ShortName]
  ) throws(InvoiceError) -> (late: [InvoiceLine], missingUnits: Int64) {
    let papers = Dictionary(grouping: billed) {
      Supply(model: $0.model, meter: $0.meter, price: $0.price)
    }
    let own = Dictionary(grouping: self) { $0.supply(names) }
    var late: [InvoiceLine] = []
    var missing: Int64 = 0
    var compared: Set<Supply> = []
    for line in self {
      let supply = line.supply(names)
      guard let told = papers[supply], let lines = own[supply] else {
        late.append(line)
        continue
      }
      // Price lists with the same price may have made several lines.
      guard compared.insert(supply).inserted else { continue }
      let units = lines.reduce(0) { $0 + $1.units } - told.reduce(0) { $0 + $1.units }
      guard units > 0 else {
        missing -= units
        continue
      }
      let full = Int128(line.unitPrice) * Int128(units)
      let charged = lines.reduce(Int128(0)) { $0 + Int128($1.exact.rawValue) }
      let billed = told.reduce(Int128(0)) {
        $0 + Int128($1.units) * Int128($1.price)
          - Int128($1.allowanceCents ?? 0) * Self.picoEurosInCent
      }
      do throws(MoneyError) {
        var part = try InvoiceLine(
          model: line.model, price: line.price, meter: line.meter, units: units,
          unitPrice: line.unitPrice)
        _ = part.takeOff(full - Swift.max(0, Swift.min(full, charged - billed)))
        late.append(part)
      } catch { throw .outOfRange }
    }
    for (supply, told) in papers where own[supply] == nil {
      missing += told.reduce(0) { $0 + $1.units }
    }
    return (late, missing)
  }
}

extension InvoiceLine {
  /// What it is as an invoice names it.
  fileprivate func supply(_ names: [ModelID: ShortName]) -> Supply {
    Supply(
      model: InvoiceDocument.name(of: model, in: names), meter: meter.title, price: unitPrice)
  }
}
