// Bills that are made again, given up, or not made because something is missing on them.

import Metering
import Testing

@Suite struct CorrectionTests {
  private let day: Int64 = 86_400_000
  private let month = UTCMonth(wallMilliseconds: newYear2028)

  @Test func anInvoiceThatWasTakenBackWholeIsReplacedByOneToTheRightBuyer() async throws {
    let (billing, first) = try await BillingBench.issued()
    let (store, account) = (billing.store, billing.account)
    _ = try store.creditInvoice(first.document.number)
    #expect(try store.unbilledMonths(of: account) == [month])
    var buyer = try #require(try store.buyer(of: account)).party
    buyer.name = "The right lab"
    try store.setBuyer(buyer, of: account)
    let second = try #require(try store.issueInvoice(account: account, month: month))
    #expect(second.document.number == "A-000003")
    #expect(second.document.buyer.name == "The right lab")
    #expect(second.document.lines == first.document.lines)
    #expect(second.document.hours == first.document.hours)
    #expect(try store.issueInvoice(account: account, month: month) == second)
    #expect(try store.unbilledMonths(of: account).isEmpty)
    #expect(try store.draftFaults().isEmpty)
    // And once more.
    _ = try store.creditInvoice(second.document.number)
    let third = try #require(try store.issueInvoice(account: account, month: month))
    #expect(third.document.number == "A-000005")
    #expect(try store.invoice(first.document.number).state(at: 0) == .credited)
  }

  @Test func aMonthThatIsGivenUpIsNotBilledAgain() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let (store, account) = (billing.store, billing.account)
    _ = try store.creditInvoice(invoice.document.number, lines: [1], waivesMonth: true)
    // A part of it is left, and nothing to give up.
    #expect(
      try store.issueInvoice(account: account, month: month)?.document.number
        == invoice.document.number)
    _ = try store.creditInvoice(invoice.document.number, waivesMonth: true)
    #expect(try store.issueInvoice(account: account, month: month) == nil)
    #expect(try store.unbilledMonths(of: account).isEmpty)
    #expect(try store.invoices().count == 3)
  }

  /// Whoever was right about a line does not find it on another invoice.
  @Test func whatWasConcededIsNotBilledAgain() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let dispute = try store.openDispute(invoice.document.number, line: 2)
    try store.resolveDispute(dispute.id, as: .upheld)
    _ = try store.creditInvoice(invoice.document.number)
    #expect(try store.issueInvoice(account: billing.account, month: month) == nil)
    #expect(try store.unbilledMonths(of: billing.account).isEmpty)
  }

  @Test func whatWasWaivedWithAnErasureIsForgotten() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    try await billing.use()
    billing.go(to: newYear2028 + 65 * day)
    try store.setState(.terminating, of: account)
    try store.setState(.closed, of: account)
    func unbilled() throws -> [String] {
      try store.examine().filter { $0.subject == "unbilled" || $0.subject == "parties" }
        .map(\.subject)
    }
    #expect(try unbilled() == ["unbilled"])
    #expect(faultCode { try store.erase(account) } == .wrongState)
    #expect(try store.unbilledMonths(of: account) == [month])
    try store.erase(account, waivesUnbilled: true)
    #expect(try store.issueInvoice(account: account, month: month) == nil)
    #expect(try store.unbilledMonths(of: account).isEmpty)
    #expect(try unbilled().isEmpty)
    // As one that an earlier version has erased is brought in order.
    try store.erase(account, waivesUnbilled: true)
  }

  @Test(arguments: ["street", "city", "postcode"])
  func noInvoiceIsIssuedWithoutAFullAddress(part: String) async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    try await billing.use()
    billing.go(to: newYear2028 + 32 * day)
    func without(_ party: Party) -> Party {
      var party = party
      switch part {
      case "street": party.street = ""
      case "city": party.city = ""
      default: party.postcode = ""
      }
      return party
    }
    func advice() throws -> [String] {
      try store.examine().filter { $0.subject == "parties" }.map(\.text)
    }
    let seller = try #require(try store.seller())
    let buyer = try #require(try store.buyer(of: account)).party
    #expect(try advice().isEmpty)

    try store.setSeller(without(seller))
    var error = #expect(throws: UsageStoreError.self) {
      _ = try store.issueInvoice(account: account, month: month)
    }
    #expect(error?.code == .wrongState)
    #expect(
      error?.message
        == "the seller has no \(part): 'apus meter billing seller --\(part)' sets it")
    #expect(try advice().count == 1)

    try store.setSeller(seller)
    try store.setBuyer(without(buyer), of: account)
    error = #expect(throws: UsageStoreError.self) {
      _ = try store.issueInvoice(account: account, month: month)
    }
    #expect(error?.code == .wrongState)
    let number = account.rawValue
    #expect(
      error?.message
        == "the buyer of account \(number) has no \(part): "
        + "'apus meter billing buyer \(number) --\(part)' sets it")
    #expect(try advice().first?.contains(error?.message ?? "?") == true)
    // No number was taken by what was not issued.
    try store.setBuyer(buyer, of: account)
    let invoice = try #require(try store.issueInvoice(account: account, month: month))
    #expect(invoice.document.number == "A-000001")
  }
}
