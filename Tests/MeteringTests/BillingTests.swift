// Months of a time zone, parties, documents and their rules.

import Foundation
import Metering
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A meter in Tallinn's time with a seller, a customer and prices.
struct BillingBench {
  let bench: MeterBench
  let key: NewKey
  let who: Principal
  var store: UsageStore { bench.meter.store }
  var account: AccountID { key.record.account }
  var clock: HandClock { bench.clock }

  init(start: Int64, tax: Int64 = 2400, reverseCharge: Bool = false) throws {
    bench = try MeterBench(start: start) { $0.keyLimits = LimitRule() }
    key = try bench.key()
    who = try bench.meter.authenticate(key.text)
    var settings = BillingSettings()
    settings.zone = try #require(BillingZone("Europe/Tallinn"))
    settings.series = "A-"
    settings.taxBasisPoints = tax
    settings.iban = "EE382200221020145685"
    settings.terms = "14 days <net> & no discount"
    try store.setBilling(settings)
    try store.setSeller(
      Party(
        name: "Apus & Co", street: "Street 1", city: "Tartu", postcode: "50090", country: "EE",
        vatID: "EE100000001"))
    try store.setBuyer(
      Party(
        name: "Lab <1>", street: "Road 2", city: "Maribor", postcode: "2000", country: "SI",
        vatID: "SI10000001"), of: account, reverseCharge: reverseCharge)
    _ = try store.publishPrices(
      #require(Prices(input: 200_000_000_000, output: 333_333_333_333)), model: bench.model)
    bench.meter.refreshKeys()
  }

  /// One request of that many output tokens, settled now.
  func use(_ completion: Int64 = 5) async throws {
    try await bench.meter.admit(who, bench.request(most: completion)).settle(
      completed(completion: completion))
  }

  /// Moves the clock to a moment.
  func go(to wallMilliseconds: Int64) {
    clock.advance(.milliseconds(wallMilliseconds - clock.clock.wallMilliseconds()))
  }
}

/// What the store says is wrong with what `body` does; nil where nothing is.
func faultCode(_ body: () throws -> Void) -> UsageStoreError.Code? {
  do {
    try body()
    return nil
  } catch { return (error as? UsageStoreError)?.code }
}

/// 1 January 2028, 00:00 UTC.
let newYear2028: Int64 = 1_830_297_600_000

@Suite struct BillingTests {
  @Test(arguments: ["Europe/Tallinn", "Europe/Ljubljana", "America/New_York", "UTC"])
  func monthsOfAZoneMeetWithoutAGap(identifier: String) throws {
    let zone = try #require(BillingZone(identifier))
    var month = try #require(UTCMonth("2026-01"))
    var total: Int64 = 0
    let first = zone.hours(of: month).lowerBound
    for _ in 0..<60 {
      let hours = zone.hours(of: month)
      #expect(hours.upperBound == zone.hours(of: month.next).lowerBound)
      #expect(zone.month(wallMilliseconds: hours.lowerBound * 3_600_000) == month)
      #expect(zone.month(wallMilliseconds: hours.lowerBound * 3_600_000 - 1) == month.previous)
      let day = zone.date(wallMilliseconds: hours.lowerBound * 3_600_000)
      #expect(day == CivilDate(firstOf: month))
      total += Int64(hours.count)
      month = month.next
    }
    #expect(zone.hours(of: month).lowerBound == first + total)
    // Five years from 2026 hold one leap day.
    #expect(total == (5 * 365 + 1) * 24)
  }

  @Test func aMonthWithAChangeOfTheClockIsAnHourShorterOrLonger() throws {
    let zone = try #require(BillingZone("Europe/Tallinn"))
    for (text, hours) in [("2027-03", 743), ("2027-10", 745), ("2028-02", 696), ("2027-05", 744)] {
      #expect(try zone.hours(of: #require(UTCMonth(text))).count == hours)
    }
  }

  @Test(arguments: ["Asia/Kolkata", "Nowhere/Land", ""])
  func aZoneWithoutFullHoursIsRefused(identifier: String) {
    #expect(BillingZone(identifier) == nil)
  }

  @Test func anInvoiceNeedsItsPartiesAndAMonthThatIsOver() async throws {
    let bench = try MeterBench(start: newYear2028)
    let store = bench.meter.store
    let account = try bench.key().record.account
    let month = try #require(UTCMonth("2028-01"))
    func code() -> UsageStoreError.Code? {
      do {
        _ = try store.issueInvoice(account: account, month: month)
        return nil
      } catch { return (error as? UsageStoreError)?.code }
    }
    #expect(code() == .wrongState)
    bench.clock.advance(.seconds(31 * 86_400 + 300))
    // Nothing is owed, so nothing is missing.
    #expect(code() == nil)
    #expect(throws: UsageStoreError.self) { try store.setSeller(Party(name: "", country: "EE")) }
    #expect(throws: UsageStoreError.self) {
      try store.setSeller(Party(name: "A", country: "Eesti"))
    }
  }

  /// The arithmetic rules of EN 16931-1 (BR-CO-10, 13, 14, 15, 16, 17), read from the XML itself.
  @Test(arguments: [(2400, false), (2550, false), (0, false), (2400, true)] as [(Int64, Bool)])
  func documentsKeepTheRulesOfTheNorm(tax: Int64, reverseCharge: Bool) async throws {
    let billing = try BillingBench(start: newYear2028, tax: tax, reverseCharge: reverseCharge)
    for count in [3, 7, 50, 1] as [Int64] { try await billing.use(count) }
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(
      try billing.store.issueInvoice(account: billing.account, month: month))
    let note = try billing.store.creditInvoice(invoice.document.number)
    for (document, root) in [(invoice.document, "Invoice"), (note.document, "CreditNote")] {
      let xml = try Elements(document.ubl)
      #expect(xml.root == root)
      let lines = xml.cents("cac:\(root)Line/cbc:LineExtensionAmount")
      #expect(lines.count == 2)
      let net = try #require(xml.cents("cac:LegalMonetaryTotal/cbc:LineExtensionAmount").first)
      #expect(lines.reduce(0, +) == net)  // BR-CO-10
      let exclusive = try #require(xml.cents("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount").first)
      #expect(exclusive == net)  // BR-CO-13
      let taxes = xml.cents("cac:TaxTotal/cbc:TaxAmount")
      let subtotals = xml.cents("cac:TaxSubtotal/cbc:TaxAmount")
      #expect(taxes == [subtotals.reduce(0, +)])  // BR-CO-14
      let inclusive = try #require(xml.cents("cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount").first)
      #expect(inclusive == exclusive + taxes[0])  // BR-CO-15
      #expect(xml.cents("cac:LegalMonetaryTotal/cbc:PayableAmount") == [inclusive])  // BR-CO-16
      let rate = try #require(xml.cents("cac:TaxCategory/cbc:Percent").first)
      let basis = try #require(xml.cents("cac:TaxSubtotal/cbc:TaxableAmount").first)
      #expect(subtotals == [(basis * rate + 5000) / 10_000])  // BR-CO-17
      #expect(xml["cbc:ID"].first == document.number)
      #expect(
        xml["cac:TaxCategory/cbc:ID"] == [reverseCharge ? "AE" : tax == 0 ? "Z" : "S"])
      #expect(
        xml["cac:TaxCategory/cbc:TaxExemptionReasonCode"] == (reverseCharge ? ["VATEX-EU-AE"] : []))
      // Each line is its quantity times the price of the base quantity, rounded once.
      let quantity = root == "Invoice" ? "InvoicedQuantity" : "CreditedQuantity"
      let quantities = xml["cac:\(root)Line/cbc:\(quantity)"]
      for (index, price) in xml["cac:Price/cbc:PriceAmount"].enumerated() {
        let unit = try PicoEuro(rawValue: #require(PicoEuro(price)).rawValue / 1_000_000)
        #expect(try unit.times(#require(Int64(quantities[index]))).roundedCents == lines[index])
      }
      #expect(xml["cac:Price/cbc:BaseQuantity"] == ["1000000", "1000000"])
      #expect(xml["cac:PartyLegalEntity/cbc:RegistrationName"] == ["Apus & Co", "Lab <1>"])
      let page = document.html
      #expect(page.contains("Lab &lt;1&gt;") && !page.contains("<1>"))
      #expect(page.contains(document.number))
    }
  }
}

/// The text of the elements of a document by the last two names of their path.
final class Elements: NSObject, XMLParserDelegate {
  private(set) var root = ""
  private var path: [String] = []
  private var texts: [String: [String]] = [:]
  private var text = ""

  init(_ xml: String) throws {
    super.init()
    let parser = XMLParser(data: Data(xml.utf8))
    parser.delegate = self
    try #require(parser.parse(), "the document is not well-formed")
  }

  subscript(path: String) -> [String] {
    texts[path.contains("/") ? path : "\(root)/\(path)"] ?? []
  }

  /// The values as hundredths.
  func cents(_ path: String) -> [Int64] {
    self[path].compactMap { PicoEuro($0)?.roundedCents }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    if path.isEmpty { root = name }
    path.append(name)
    text = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    if !trimmed.isEmpty {
      texts[path.suffix(2).joined(separator: "/"), default: []].append(trimmed)
    }
    text = ""
    path.removeLast()
  }
}
