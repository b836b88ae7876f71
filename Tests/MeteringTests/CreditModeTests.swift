// When an account pays: however that changes, each request is paid once, in advance or with the
// invoice.

import Metering
import Testing

@Suite struct CreditModeTests {
  /// A meter whose account has paid some cents in advance; a prompt token costs 2 µEUR, another 20.
  private func bench(credit cents: Int64) throws -> (MeterBench, Principal, NewKey) {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    _ = try store.publishPrices(
      #require(Prices(input: 2_000_000, output: 20_000_000)), model: bench.model)
    let key = try bench.key()
    try store.setMode(.prepaid, of: key.record.account)
    try store.addCredit(.topUp, #require(PicoEuro(cents: cents)), to: key.record.account)
    bench.meter.refreshKeys()
    return (bench, try bench.meter.authenticate(key.text), key)
  }

  @Test func anInvoiceLeavesOutTheHoursThatWerePaidInAdvance() async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    let account = key.record.account
    let month = try #require(UTCMonth("2026-11"))
    func answer() async throws {
      bench.meter.refreshKeys()
      try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    }
    try await answer()
    bench.clock.advance(.seconds(2 * 3600))
    try store.setMode(.postpaid, of: account)
    #expect(try store.draftInvoice(account: account, month: month).lines.isEmpty)
    try await answer()
    try await answer()
    bench.clock.advance(.seconds(2 * 3600))
    try store.setMode(.prepaid, of: account)
    try await answer()
    let requests = try store.billableUsage(account: account, month: month).map(\.sums.requests)
    #expect(requests == [4])
    let draft = try store.draftInvoice(account: account, month: month)
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    #expect(draft.lines.map(\.exact.rawValue).reduce(0, +) == 2 * cost)
  }

  /// Whichever way it goes, the hour is paid once: in advance, or with the invoice.
  @Test func theHourInWhichTheModeChangesIsPaidInTheNewOne() async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    let account = key.record.account
    let month = try #require(UTCMonth("2026-11"))
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    func answer() async throws {
      bench.meter.refreshKeys()
      try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    }
    func billed() throws -> Int64 {
      let draft = try store.draftInvoice(account: account, month: month)
      return draft.lines.map(\.exact.rawValue).reduce(0, +)
    }
    func left() throws -> Int64? { try store.creditLeft(of: account)?.rawValue }
    // In advance, then afterwards: the invoice has both answers.
    bench.clock.advance(.seconds(3600 + 600))
    try await answer()
    bench.clock.advance(.seconds(600))
    try store.setMode(.postpaid, of: account)
    try await answer()
    #expect(try billed() == 2 * cost)
    #expect(try left() == 50_000_000_000)
    // Afterwards, then in advance: credit pays for both of this hour.
    bench.clock.advance(.seconds(3600))
    try await answer()
    bench.clock.advance(.seconds(600))
    try store.setMode(.prepaid, of: account)
    try await answer()
    #expect(try billed() == 2 * cost)
    #expect(try left() == 50_000_000_000 - 2 * cost)
    // There and back in one hour: the last mode has it.
    try store.setMode(.postpaid, of: account)
    try store.setMode(.prepaid, of: account)
    #expect(try billed() == 2 * cost)
    #expect(try left() == 50_000_000_000 - 2 * cost)
  }

  /// What was paid in advance is not on the invoice, and not behind its lines either.
  @Test func aDisputedLineOfAMonthWithBothIsMadeOfWhatItBills() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    try await billing.use(5)
    billing.clock.advance(.seconds(2 * 3600))
    try store.setMode(.prepaid, of: account)
    try store.addCredit(.topUp, #require(PicoEuro(cents: 5000)), to: account)
    billing.bench.meter.refreshKeys()
    try await billing.use(7)
    billing.clock.advance(.seconds(2 * 3600))
    try store.setMode(.postpaid, of: account)
    billing.bench.meter.refreshKeys()
    try await billing.use(9)
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: account, month: month))
    #expect(invoice.document.lines.map(\.units) == [20, 14])
    for line in [1, 2] {
      let dispute = try store.openDispute(invoice.document.number, line: line)
      let evidence = try store.evidence(of: dispute.id)
      #expect(evidence.map(\.body.completionTokens) == [5, 9])
    }
    #expect(try store.draftFaults().isEmpty)
  }

  /// A row is on the disk some time behind its settlement, which is what its hour is known by.
  @Test(arguments: [BillingMode.prepaid, .postpaid])
  func whatIsWrittenDownBehindAChangeIsPaidOnce(then mode: BillingMode) async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    let account = key.record.account
    if mode == .prepaid { try store.setMode(.postpaid, of: account) }
    bench.clock.advance(.seconds(3 * 3600 + 10))
    try store.setMode(mode, of: account)
    bench.meter.refreshKeys()
    bench.clock.jump(wallMilliseconds: -20_000)
    try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    bench.clock.jump(wallMilliseconds: 20_000)
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    let draft = try store.draftInvoice(account: account, month: #require(UTCMonth("2026-11")))
    let left = try store.creditLeft(of: account)?.rawValue
    let isPrepaid = mode == .prepaid
    #expect(draft.lines.map(\.exact.rawValue).reduce(0, +) == (isPrepaid ? 0 : cost))
    #expect(left == 50_000_000_000 - (isPrepaid ? cost : 0))
  }

  @Test func aClockThatIsSetBackLeavesChangesInOrder() async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    let account = key.record.account
    try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    bench.clock.advance(.seconds(4 * 3600))
    try store.setMode(.postpaid, of: account)
    bench.clock.jump(wallMilliseconds: -2 * 3_600_000)
    try store.setMode(.prepaid, of: account)
    try store.setMode(.postpaid, of: account)
    let times = try store.credit(of: account).filter { $0.kind == .otherUse }
      .map(\.atMilliseconds)
    #expect(times.count == 4 && times == times.sorted())
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    #expect(try store.creditLeft(of: account)?.rawValue == 50_000_000_000 - cost)
    let draft = try store.draftInvoice(account: account, month: #require(UTCMonth("2026-11")))
    #expect(draft.lines.isEmpty)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func howeverTheModeChangesEveryRequestIsPaidOnce(seed: UInt64) async throws {
    let (bench, who, key) = try bench(credit: 99)
    let store = bench.meter.store
    let account = key.record.account
    let month = try #require(UTCMonth("2026-11"))
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<40 {
      bench.clock.advance(.seconds(Int64.random(in: 0...2400, using: &generator)))
      if Bool.random(using: &generator) {
        try store.setMode(Bool.random(using: &generator) ? .prepaid : .postpaid, of: account)
        bench.meter.refreshKeys()
      }
      try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    }
    let billed = try store.draftInvoice(account: account, month: month).lines
      .map(\.exact.rawValue).reduce(0, +)
    let left = try #require(try store.creditLeft(of: account)).rawValue
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    #expect(billed + 990_000_000_000 - left == 40 * cost)
  }
}
