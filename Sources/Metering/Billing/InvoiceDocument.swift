// An invoice or a credit note as it was issued: everything that its paper says, frozen.

import FoundationEssentials

/// An issued document. It is stored as it is and never changes.
package struct InvoiceDocument: Hashable, Codable, Sendable {
  /// What it is.
  package enum Kind: String, Codable, Sendable {
    case invoice
    case creditNote = "credit_note"
  }

  /// One line.
  package struct Line: Hashable, Codable, Sendable {
    /// 1 for the first.
    package let number: Int
    package let model: String
    /// The kind of unit, such as `input tokens`.
    package let meter: String
    package let units: Int64
    /// Millionths of a euro per 1,000,000 units (BT-146 with BT-149).
    package let price: Int64
    package let netCents: Int64
    /// What is taken off units times price because the requests were charged less; nil for nothing.
    package let allowanceCents: Int64?
    /// The month of the supply where it is an earlier one, whose invoice was out when this usage
    /// was written down; nil for the month of the invoice.
    package let month: String?

    /// What was supplied, as a paper says it.
    package var title: String { "\(model): \(meter)" + (month.map { " (\($0))" } ?? "") }
  }

  /// The tree over the receipts of a file of events that the lines were drawn from, as it stood.
  package struct ReceiptRoot: Hashable, Codable, Sendable {
    /// The month of the file, in UTC.
    package let month: String
    /// How many receipts were in it, of all accounts.
    package let count: Int
    /// The root over them, in hex.
    package let root: String
  }

  package let kind: Kind
  package let number: String
  /// The number of the invoice that a credit note takes back.
  package let credits: String?
  package let issued: String
  package let due: String
  /// The calendar month of the supply, and its first and last day.
  package let month: String
  package let periodStart: String
  package let periodEnd: String
  package let zone: String
  /// The hours of the supply, counted from 1970-01-01 00:00 UTC: the first, and the first behind them.
  /// Nil in documents of versions that wrote none; theirs are those of the month in the zone.
  package let firstHour: Int64?
  package let endHour: Int64?
  package let seller: Party
  package let buyer: Party
  package let lines: [Line]
  package let netCents: Int64
  /// Hundredths of a percent; nil where the customer owes the tax (reverse charge).
  package let taxBasisPoints: Int64?
  package let taxCents: Int64
  package let grossCents: Int64
  package let iban: String
  package let terms: String
  /// Nil in documents of versions that printed none.
  package let receipts: [ReceiptRoot]?

  /// The frozen bytes: JSON with sorted keys, so that the same document has the same hash.
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// The document of frozen bytes.
  package init(encoded bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(InvoiceDocument.self, from: Data(bytes))
  }

  /// What a paper calls a model.
  static func name(of model: ModelID, in names: [ModelID: ShortName]) -> String {
    names[model]?.text ?? "model \(model.rawValue)"
  }

  init(
    _ draft: InvoiceDraft, hours: Range<Int64>, number: String, issued: CivilDate, seller: Party,
    buyer: Party,
    settings: BillingSettings, models: [ModelID: ShortName], receipts: [ReceiptRoot] = []
  ) {
    kind = .invoice
    self.number = number
    credits = nil
    self.issued = issued.description
    due = issued.adding(days: settings.paymentDays).description
    month = draft.month.description
    let (first, end) = (hours.lowerBound, hours.upperBound)
    periodStart = settings.zone.date(wallMilliseconds: first * 3_600_000).description
    periodEnd = settings.zone.date(wallMilliseconds: end * 3_600_000 - 1).description
    zone = settings.zone.identifier
    firstHour = first
    endHour = end
    self.seller = seller
    self.buyer = buyer
    lines = draft.lines.enumerated().map { index, line in
      Line(
        number: index + 1, model: Self.name(of: line.model, in: models),
        meter: line.meter.title, units: line.units, price: line.unitPrice, netCents: line.netCents,
        allowanceCents: line.allowanceCents > 0 ? line.allowanceCents : nil,
        month: line.month?.description)
    }
    netCents = draft.netCents
    if case .rate(let points) = draft.taxRule {
      taxBasisPoints = points
    } else {
      taxBasisPoints = nil
    }
    taxCents = draft.taxCents
    grossCents = draft.grossCents
    iban = settings.iban
    terms = settings.terms
    self.receipts = receipts.isEmpty ? nil : receipts
  }

  /// The credit note that takes lines of an invoice back.
  ///
  /// - Parameter credited: the lines that others took back before. Tax is rounded on the sum of
  ///   both, so that all credit notes together come to the invoice, to the cent.
  init(
    crediting lines: [Line], of invoice: InvoiceDocument, after credited: Set<Int>, number: String,
    issued: CivilDate
  ) {
    kind = .creditNote
    self.number = number
    credits = invoice.number
    self.issued = issued.description
    due = issued.description
    month = invoice.month
    periodStart = invoice.periodStart
    periodEnd = invoice.periodEnd
    zone = invoice.zone
    firstHour = invoice.firstHour
    endHour = invoice.endHour
    seller = invoice.seller
    buyer = invoice.buyer
    self.lines = lines
    netCents = lines.reduce(0) { $0 + $1.netCents }
    taxBasisPoints = invoice.taxBasisPoints
    grossCents =
      invoice.grossCents(ofLines: credited.union(lines.map(\.number)))
      - invoice.grossCents(ofLines: credited)
    taxCents = grossCents - netCents
    iban = invoice.iban
    terms = invoice.terms
    receipts = invoice.receipts
  }
}

extension InvoiceDocument {
  /// What lines of it come to with their tax, which is rounded once on the sum: all of them to the
  /// whole. One by one they may come to a few cents less or more.
  func grossCents(ofLines numbers: Set<Int>) -> Int64 {
    let net = lines.filter { numbers.contains($0.number) }.reduce(0) { $0 + $1.netCents }
    let rule = taxBasisPoints.map(TaxRule.rate(basisPoints:)) ?? .reverseCharge
    // All lines have the invoice's own tax; of fewer there is less, so there is no end of it.
    return net + (rule.tax(onCents: net) ?? taxCents)
  }
}

extension BilledMeter {
  /// What a line calls the unit.
  var title: String {
    switch self {
    case .input: "input tokens"
    case .cachedInput: "cached input tokens"
    case .output: "output tokens"
    case .reasoning: "reasoning tokens"
    case .audioMillisecond: "milliseconds of audio"
    case .request: "requests"
    }
  }
}
