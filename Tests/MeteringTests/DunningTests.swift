// Who does not pay is told what it is about, and each step is taken once.

import GRDB
import Metering
import Testing

@Suite struct DunningTests {
  @Test func whoIsBilledIsWarnedAndToldWhichInvoiceItIs() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let found = try #require(try store.buyer(of: billing.account))
    var buyer = found.party
    buyer.email = "books@lab.example"
    try store.setBuyer(buyer, of: billing.account, reverseCharge: found.reverseCharge)
    try store.setMember("desk@lab.example", role: .billing, of: billing.account)
    let before = try store.deliveries(dueOnly: false).count
    try billing.dunUntilSuspended()
    let told = try store.deliveries(dueOnly: false).dropLast(before)
    #expect(
      Set(told.map(\.title)) == [
        "Reminder: invoice \(invoice.document.number)", "Warning: nonpayment",
        "Your account is suspended: nonpayment",
      ])
    for address in ["books@lab.example", "desk@lab.example"] {
      let own = told.filter { $0.target == address }
      #expect(own.count == 3)
      for delivery in own {
        #expect(delivery.invoice?.number == invoice.document.number)
        #expect(delivery.body.contains(invoice.document.number))
        #expect(delivery.body.contains("\(centsText(invoice.openCents)) EUR"))
        #expect(delivery.body.contains(invoice.document.due))
      }
    }
  }

  /// A step whose note is refused is not half taken: nobody is reminded of it twice.
  @Test func aStepIsTakenWithItsNoteOrNotAtAll() async throws {
    let (billing, _) = try await BillingBench.issued()
    let store = billing.store
    try store.setMember("owner@lab.example", role: .owner, of: billing.account)
    billing.clock.advance(.seconds(40 * 86_400))
    let before = try store.deliveries(dueOnly: false).count
    let database = try DatabaseQueue(path: billing.bench.folder.path + "/meter.db")
    defer { try? database.close() }
    try await database.write {
      try $0.execute(
        sql: """
          CREATE TRIGGER refusal BEFORE INSERT ON dunning BEGIN SELECT RAISE(ABORT, 'full'); END
          """)
    }
    #expect(throws: UsageStoreError.self) { _ = try store.dun() }
    #expect(try store.deliveries(dueOnly: false).count == before)
    try await database.write { try $0.execute(sql: "DROP TRIGGER refusal") }
    #expect(try store.dun().map(\.stage) == [.reminder])
    #expect(try store.deliveries(dueOnly: false).count == before + 1)
  }

  /// Whoever goes on upon a promise to pay, and does not, is warned and stopped again.
  @Test func whoGoesOnWithoutPayingIsWarnedAgain() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    try billing.dunUntilSuspended()
    for _ in 0..<30 {
      billing.clock.advance(.seconds(86_400))
      #expect(try store.dun(withoutDelivery: true).isEmpty)
    }
    for _ in 0..<2 {
      try store.resume(billing.account)
      var stages: [Int: DunningStage] = [:]
      for day in 1...20 {
        billing.clock.advance(.seconds(86_400))
        for step in try store.dun(withoutDelivery: true) { stages[day] = step.stage }
      }
      #expect(stages == [7: .warning, 14: .suspension])
      #expect(try billing.state() == .suspended)
    }
    try store.pay(invoice.document.number, cents: invoice.openCents)
    #expect(try billing.state() == .active)
    billing.clock.advance(.seconds(60 * 86_400))
    #expect(try store.dun(withoutDelivery: true).isEmpty)
  }

  /// A warning is good for one suspension, and for ninety days.
  @Test func anOldWarningStopsNobody() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try bench.key().record.account
    for reason in [SuspensionReason.terms, .nonpayment] {
      #expect(faultCode { try store.suspend(account, reason: reason) } == .wrongState)
      try store.warn(account, reason: reason)
      try store.suspend(account, reason: reason)
      try store.resume(account)
      #expect(try store.lastWarning(account, reason: reason) == nil)
      #expect(faultCode { try store.suspend(account, reason: reason) } == .wrongState)
      #expect(
        faultCode { _ = try store.takeSuspension(of: account, reason: reason) } == .wrongState)
    }
    try store.warn(account, reason: .terms)
    bench.clock.advance(.seconds(90 * 86_400))
    #expect(try store.lastWarning(account, reason: .terms) != nil)
    bench.clock.advance(.seconds(1))
    #expect(faultCode { try store.suspend(account, reason: .terms) } == .wrongState)
    try store.suspend(account, reason: .terms, override: name("told by phone"))
  }

  /// A mail that comes late leaves time to answer it all the same.
  @Test func aWarningThatWasSentLateLeavesTimeToAnswer() async throws {
    let (billing, _) = try await BillingBench.issued()
    let store = billing.store
    try store.setMember("owner@lab.example", role: .owner, of: billing.account)
    var stages: [DunningStage] = []
    while stages.last != .warning {
      billing.clock.advance(.seconds(86_400))
      stages += try store.dun().map(\.stage)
    }
    billing.clock.advance(.seconds(20 * 86_400))
    #expect(try store.dun().map(\.isBlocked) == [true])
    try billing.deliver()
    #expect(try store.dun().isEmpty)
    billing.clock.advance(.seconds(5 * 86_400))
    #expect(try store.dun().isEmpty)
    billing.clock.advance(.seconds(86_400))
    #expect(try store.dun().map(\.stage) == [.suspension])
    #expect(try billing.state() == .suspended)
  }
}

extension BillingBench {
  /// A customer of Tallinn in January 2028 and their invoice of two lines.
  static func issued() async throws -> (BillingBench, InvoiceRecord) {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try billing.store.issueInvoice(account: billing.account, month: month)
    return (billing, try #require(invoice))
  }

  /// What the account is.
  func state() throws -> AccountState? {
    try store.accounts().first { $0.id == account }?.state
  }

  /// Sends all that is to be sent.
  func deliver() throws {
    try Self.deliver(all: store)
  }

  /// Has a way for mail, and all of it go that way.
  static func deliver(all store: UsageStore) throws {
    var channels = NoticeChannels()
    channels.sendmail = "/usr/sbin/sendmail -t"
    channels.sender = "apus@host.example"
    try store.setChannels(channels)
    while let delivery = try store.claimDelivery() {
      try store.noteDelivery(delivery, succeeded: true)
    }
  }

  /// Suspends the account for the invoice, as the nightly work of an operator does whose customers
  /// look for notices themselves.
  func dunUntilSuspended() throws {
    for _ in 0..<60 where try state() == .active {
      _ = try store.dun(withoutDelivery: true)
      clock.advance(.seconds(86_400))
    }
    #expect(try state() == .suspended)
  }
}
