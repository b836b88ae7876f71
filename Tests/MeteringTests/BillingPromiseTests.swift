// The promises about money, each under the number that `apus promises` lists it by.

import Metering
import Testing

@Suite struct BillingPromiseTests {
  private let day: Int64 = 86_400_000

  /// A leap year in Tallinn with both changes of the clock: requests just before and after each
  /// midnight of a month, and the twelve invoices hold each of them once.
  @Test
  func `promise 13: one invoice a month in the operator's time, however often it is asked for`()
    async throws
  {
    // December too, because the year of Tallinn begins two hours before that of Greenwich.
    let billing = try BillingBench(start: newYear2028 - 10 * 3_600_000)
    let store = billing.store
    let zone = try store.billingSettings().zone
    let first = try #require(UTCMonth("2028-01"))
    var month = first
    var expected: [UTCMonth: Int64] = [:]
    for index in 0..<12 {
      let hours = zone.hours(of: month)
      for (moment, tokens) in [
        (hours.lowerBound * 3_600_000, 1), (hours.upperBound * 3_600_000 - 1, 10),
      ] as [(Int64, Int64)] {
        billing.go(to: moment)
        let count = tokens + Int64(index)
        try await billing.use(count)
        expected[month, default: 0] += count
      }
      month = month.next
    }
    billing.go(to: zone.hours(of: month).lowerBound * 3_600_000 + 300_000)
    var numbers: [String] = []
    month = first
    for _ in 0..<12 {
      let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
      let again = try store.issueInvoice(account: billing.account, month: month)
      #expect(again == invoice)
      #expect(
        invoice.document.lines.first { $0.meter == "output tokens" }?.units == expected[month])
      numbers.append(invoice.document.number)
      month = month.next
    }
    // Without gaps, in order.
    #expect(numbers == (1...12).map { "A-0000" + ($0 < 10 ? "0" : "") + "\($0)" })
    #expect(try store.invoices().count == 12)
  }

  @Test func `promise 14: tax stands apart, and an invoice says all that the law asks for`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use(50)
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    let document = try #require(
      try billing.store.issueInvoice(account: billing.account, month: month)
    ).document
    #expect(document.netCents + document.taxCents == document.grossCents)
    #expect(document.taxCents == (document.netCents * 2400 + 5000) / 10_000)
    let page = document.html
    // Article 226: date, number, both VAT ids, names, addresses, quantity and nature, period, unit
    // price, rate, tax.
    for part in [
      document.issued, document.number, "EE100000001", "SI10000001", "Apus &amp; Co",
      "Street 1", "50090 Tartu", "EE", "Road 2", "2000 Maribor", "SI", "output tokens",
      "<td class=\"n\">50</td>", "2028-01-01 to 2028-01-31",
      "333333.333333", "24.00 %", centsText(document.taxCents),
    ] {
      #expect(page.contains(part), "\(part) is missing")
    }
    let other = try BillingBench(start: newYear2028, reverseCharge: true)
    try await other.use(50)
    other.go(to: newYear2028 + 32 * day)
    let foreign = try #require(try other.store.issueInvoice(account: other.account, month: month))
    #expect(foreign.document.taxCents == 0)
    #expect(foreign.document.html.contains("Reverse charge"))
  }

  @Test func `promise 15: what an issued invoice says never changes`() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    #expect(invoice.document.terms == "14 days <net> & no discount")
    var settings = try store.billingSettings()
    settings.paymentDays = 99
    settings.terms = "other"
    try store.setBilling(settings)
    try store.setSeller(Party(name: "Other", country: "FI", vatID: "FI1"))
    let later = try store.invoice(invoice.document.number)
    #expect(later == invoice)
    // By the paper it is due on a day, which ends at midnight of Tallinn.
    let due = try #require(CivilDate(later.document.due))
    let issued = try #require(CivilDate(later.document.issued))
    #expect(due == issued.adding(days: 14))
    let end = later.issuedMilliseconds + 15 * day - 2 * 3_600_000
    #expect(later.state(at: end - 1) == .issued)
    #expect(later.state(at: end) == .overdue)
  }

  @Test func `promise 16: nobody is stopped for not paying without a warning`() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    let number = invoice.document.number
    func state() throws -> AccountState? { try billing.state() }
    try store.setMember("owner@lab.example", role: .owner, of: billing.account)
    var stages: [Int: DunningStage] = [:]
    for elapsed in 0..<60 {
      for step in try store.dun() {
        #expect(step.number == number)
        #expect(!step.isBlocked)
        stages[elapsed] = step.stage
      }
      try billing.deliver()
      if try state() == .suspended { break }
      billing.clock.advance(.seconds(86_400))
    }
    #expect(stages == [15: .reminder, 28: .warning, 42: .suspension])
    #expect(try state() == .suspended)
    billing.bench.meter.refreshKeys()
    #expect(
      refusal { () throws(MeterError) in
        _ = try billing.bench.meter.authenticate(billing.key.text)
      }?.detail == .nonpayment)
    let half = invoice.document.grossCents / 2
    try store.pay(number, cents: half)
    #expect(try state() == .suspended)
    try store.pay(number, cents: invoice.document.grossCents - half)
    #expect(try state() == .active)
    billing.bench.meter.refreshKeys()
    #expect(try billing.bench.meter.authenticate(billing.key.text) == billing.who)
    #expect(faultCode { try store.pay(number, cents: 1) } == .wrongState)

    // A warning that reaches nobody stops nobody: posts go to the operator's own program.
    let (unheard, _) = try await BillingBench.issued()
    var channels = NoticeChannels()
    channels.webhook = "https://hooks.example/apus"
    try unheard.store.setChannels(channels)
    func advice() throws -> Int {
      try unheard.store.examine().count { $0.subject == "dunning" && $0.state == .advice }
    }
    var steps: [DunningStep] = []
    #expect(try advice() == 0)
    for _ in 0..<60 where steps.last?.isBlocked != true {
      steps = try unheard.store.dun()
      try unheard.deliver()
      if steps.last?.isBlocked != true { unheard.clock.advance(.seconds(86_400)) }
    }
    #expect(steps.map(\.stage) == [.suspension] && steps.map(\.isBlocked) == [true])
    #expect(try unheard.state() == .active)
    #expect(try advice() == 1)
    // Unless the operator tells customers in another way, and says so.
    #expect(try unheard.store.dun(withoutDelivery: true).map(\.isBlocked) == [false])
    #expect(try unheard.state() == .suspended)
    #expect(try advice() == 0)

    // Somebody who comes to collect after months begins with a reminder all the same.
    let late = try BillingBench(start: newYear2028)
    try await late.use()
    late.go(to: newYear2028 + 32 * day)
    _ = try late.store.issueInvoice(account: late.account, month: month)
    late.clock.advance(.seconds(200 * 86_400))
    #expect(try late.store.dun().map(\.stage) == [.reminder])
    #expect(try late.store.dun().isEmpty)
  }

  @Test func `promise 17: a line can be disputed for thirty days, and is not owed meanwhile`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    let number = invoice.document.number
    #expect(invoice.document.lines.count == 2)
    billing.clock.advance(.seconds(30 * 86_400))
    let dispute = try store.openDispute(number, line: 2)
    // What the line is made of: its requests' receipts, which add up to its units.
    let evidence = try store.evidence(of: dispute.id)
    #expect(evidence.map(\.body.completionTokens).reduce(0, +) == invoice.document.lines[1].units)
    for receipt in evidence { #expect(try receipt.fault(publicKey: store.receiptKey()) == nil) }
    #expect(faultCode { _ = try store.evidence(of: 99) } == .notFound)
    #expect(faultCode { _ = try store.openDispute(number, line: 2) } == .constraint)
    #expect(faultCode { _ = try store.openDispute(number, line: 3) } == .notFound)
    let rest = try store.invoice(number)
    #expect(rest.openCents == invoice.document.grossCents - dispute.cents)
    try store.pay(number, cents: rest.openCents)
    #expect(try store.invoice(number).state(at: .max) == .disputed)
    for _ in 0..<60 {
      billing.clock.advance(.seconds(86_400))
      #expect(try store.dun().isEmpty)
    }
    #expect(faultCode { _ = try store.openDispute(number, line: 1) } == .wrongState)
    try store.resolveDispute(dispute.id, as: .rejected)
    #expect(faultCode { try store.resolveDispute(dispute.id, as: .upheld) } == .notFound)
    #expect(try store.invoice(number).state(at: .max) == .overdue)
    #expect(try store.disputes().map(\.state) == [.rejected])

    let late = try BillingBench(start: newYear2028)
    try await late.use()
    late.go(to: newYear2028 + 32 * day)
    _ = try late.store.issueInvoice(account: late.account, month: month)
    late.clock.advance(.seconds(31 * 86_400))
    #expect(faultCode { _ = try late.store.openDispute(number, line: 1) } == .wrongState)
  }

  /// Three lines of 10.02 at 24 %: the tax of each is 2.40, and that of all is 7.21.
  @Test func `promise 17: an invoice of which every line is disputed is not owed, to the cent`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    let price: Int64 = 501_000_000_000
    _ = try store.publishPrices(
      #require(Prices(input: price, output: price)), model: billing.bench.model)
    billing.bench.meter.refreshKeys()
    try await billing.bench.meter.admit(
      billing.who, billing.bench.request(prompt: 20, most: 40)
    ).settle(
      Settlement(
        usage: TokenUsage(promptTokens: 20, completionTokens: 40, reasoningTokens: 20),
        status: .completed, httpStatus: 200, latency: .seconds(1)))
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    let number = invoice.document.number
    #expect(invoice.document.lines.map(\.netCents) == [1002, 1002, 1002])
    #expect(invoice.document.grossCents == 3727)
    #expect(try store.openDispute(number, line: 1).cents == 1242)
    #expect(try store.invoice(number).openCents == 3727 - 1242)
    _ = try store.openDispute(number, line: 2)
    #expect(try store.invoice(number).openCents == 3727 - 2485)
    _ = try store.openDispute(number, line: 3)
    #expect(try store.invoice(number).openCents == 0)
    for _ in 0..<60 {
      billing.clock.advance(.seconds(86_400))
      #expect(try store.dun().isEmpty)
    }
    #expect(try store.invoice(number).state(at: .max) == .disputed)

    // A line that is taken back is not disputed any more, and the rest still is.
    let note = try store.creditInvoice(number, lines: [2]).document
    #expect(note.grossCents == 1242)
    let rest = try store.invoice(number)
    #expect(rest.owedCents == 2485 && rest.disputedCents == 2485 && rest.openCents == 0)
    #expect(rest.state(at: .max) == .disputed)
    try store.resolveDispute(1, as: .rejected)
    #expect(try store.invoice(number).openCents == 2485 - (2485 - 1242))
  }

  @Test func `promise 32: what was paid since a day is the sum of the payments`() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    var month = try #require(UTCMonth("2028-01"))
    var payments: [(Int64, Int64)] = []
    for _ in 0..<4 {
      try await billing.use()
      let end = try store.billingSettings().zone.hours(of: month).upperBound * 3_600_000
      billing.go(to: end + day)
      let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
      try store.pay(invoice.document.number, cents: invoice.openCents)
      payments.append((billing.clock.clock.wallMilliseconds(), invoice.openCents))
      month = month.next
    }
    for (moment, _) in payments {
      let expected = payments.filter { $0.0 >= moment }.map(\.1).reduce(0, +)
      #expect(try store.paidCents(billing.account, since: moment) == expected)
    }
    let number = try #require(try store.invoices().first).document.number
    let note = try store.creditInvoice(number)
    #expect(note.document.credits == number && note.document.number == "A-000005")
    #expect(try store.invoice(number).state(at: 0) == .credited)
    #expect(faultCode { _ = try store.creditInvoice(number) } == .wrongState)
  }
}
