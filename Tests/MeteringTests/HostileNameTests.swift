// Names that would be something else in the language that they are put into.

import FoundationEssentials
import Metering
import Testing

@Suite struct HostileNameTests {
  /// A sign and an accent behind it are one character of Swift's and two of everybody else's.
  private static let names = [
    "<\u{338}script>alert(1)</script>", "&\u{301}amp;", "Lab \"\u{301}\" & <b>", "]]>", "<!--",
    "a\u{FFFE}b", "'; DROP TABLE party; --", "\u{202E}evil", "&#0;",
  ]

  /// An invoice on which everything is called so that can be.
  private func invoice(calling name: String) async throws -> InvoiceDocument {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use()
    try billing.store.setBuyer(
      Party(
        name: name, street: name, city: name, postcode: "2000", country: "SI", vatID: "SI1"),
      of: billing.account)
    var settings = try billing.store.billingSettings()
    settings.terms = name
    settings.series = String(name.prefix(20))
    try billing.store.setBilling(settings)
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    return try #require(try billing.store.issueInvoice(account: billing.account, month: month))
      .document
  }

  /// How often each sign that means something in a page stands there.
  private func signs(_ page: String) -> [Int] {
    ["<", ">", "\""].map { sign in page.utf8.count { $0 == sign.utf8.first } }
  }

  @Test(arguments: names)
  func anInvoiceIsWellFormedAndSaysTheName(hostile: String) async throws {
    let document = try await invoice(calling: hostile)
    var said = ""
    for scalar in hostile.unicodeScalars {
      said.unicodeScalars.append(scalar == "\u{FFFE}" ? "\u{FFFD}" : scalar)
    }
    let elements = try Elements(document.ubl)
    #expect(elements["cac:PartyLegalEntity/cbc:RegistrationName"].last == said)
    #expect(elements["cac:PaymentTerms/cbc:Note"] == [said])
    #expect(try await signs(document.html) == signs(invoice(calling: "plain").html))
    #expect(!document.html.unicodeScalars.contains("\u{FFFE}"))
    // A file name is made of it, too.
    #expect(document.fileName.utf8.allSatisfy { $0 < 128 && $0 != UInt8(ascii: "/") })
  }

  @Test(arguments: [
    "a\nb", "a\u{0}b", "a\u{1B}[2Jb", "a\u{2029}b", String(repeating: "a", count: 257),
  ])
  func aPartyIsMadeOfLines(text: String) throws {
    let billing = try BillingBench(start: newYear2028)
    for party in [
      Party(name: text, country: "EE"), Party(name: "a", street: text, country: "EE"),
      Party(name: "a", city: text, country: "EE"), Party(name: "a", country: "EE", vatID: text),
      Party(name: "a", country: "EE", email: text + "@b.example"),
    ] {
      let error = #expect(throws: UsageStoreError.self) {
        try billing.store.setBuyer(party, of: billing.account)
      }
      #expect(error?.code == .invalidName)
    }
    #expect(try billing.store.buyer(of: billing.account)?.party.name == "Lab <1>")
  }

  @Test(arguments: [
    "=HYPERLINK(\"https://x.example\",\"pay\")", "+1", "-1", "@SUM(1)", "=\u{301}1", "@\u{338}",
  ])
  func noAccountAndNoKeyIsCalledLikeAFormula(text: String) throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    #expect(faultCode { _ = try store.createAccount(name(text)) } == .invalidName)
    #expect(
      faultCode { _ = try store.requestAccount(name(text), email: "a@b.example") } == .invalidName)
    #expect(faultCode { _ = try store.createKey(label: name(text)) } == .invalidName)
    #expect(try store.accounts().isEmpty && store.keys().isEmpty)
    // Models are called what their makers call them.
    #expect(throws: Never.self) { try bench.meter.modelID(name(text)) }
  }

  @Test(arguments: names + ["\\\u{301}", "\\", "\"", "{a,NULL}"])
  func anElementOfAnArrayEndsWhereItShall(hostile: String) {
    let literal = Array(arrayLiteral([hostile, "b"]).utf8)
    var element: [UInt8] = []
    var rest = literal.dropFirst(2)
    while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
      guard let next = byte == UInt8(ascii: "\\") ? rest.popFirst() : byte else { break }
      element.append(next)
    }
    #expect(literal.starts(with: "{\"".utf8))
    #expect(element == Array(hostile.utf8))
    #expect(Array(rest) == Array(",\"b\"}".utf8))
  }

  @Test func aCellOfATableEndsWhereItShall() async throws {
    let billing = try BillingBench(start: newYear2028)
    let hostile = "a\"\u{301},=1+1"
    let model = try billing.bench.meter.modelID(name(hostile))
    try await billing.bench.meter.admit(
      billing.who, AdmissionRequest(model: model, kind: .chat, promptTokens: 3, contextLeft: 9)
    ).settle(completed())
    var lines: [String] = []
    let month = try #require(UTCMonth("2028-01"))
    try billing.store.exportUsage(
      of: billing.account, month: month, as: .csv, options: ExportOptions()
    ) { lines.append($0) }
    let row = try #require(lines.last)
    #expect(row.unicodeScalars.split(separator: ",").count == 16)
    let cell = Data(",\"a\"\"\u{301},=1+1\",".utf8)
    #expect(Data(row.utf8).range(of: cell) != nil)
  }
}
