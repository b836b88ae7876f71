// Paying in advance: an answer ends at the last token that the credit pays for, and what is left is
// always what came in less what was used.

import GRDB
import Metering
import Testing

@Suite struct CreditTests {
  /// A meter whose account has paid some cents in advance; a prompt token costs 2 µEUR, another 20.
  private func bench(
    credit cents: Int64, ledger: (any UsageLedger)? = nil
  ) throws -> (MeterBench, Principal, NewKey) {
    let bench = try MeterBench(ledger: ledger) { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    _ = try store.publishPrices(
      #require(Prices(input: 2_000_000, output: 20_000_000)), model: bench.model)
    let key = try bench.key()
    try store.setMode(.prepaid, of: key.record.account)
    if cents > 0 {
      try store.addCredit(.topUp, #require(PicoEuro(cents: cents)), to: key.record.account)
    }
    bench.meter.refreshKeys()
    return (bench, try bench.meter.authenticate(key.text), key)
  }

  private func admission(_ bench: MeterBench, _ who: Principal) -> MeterError? {
    refusal { () throws(MeterError) in _ = try bench.meter.admit(who, bench.request(most: 10)) }
  }

  @Test func withoutCreditARequestIsRefusedAndAfterATopUpItIsNot() throws {
    let (bench, who, key) = try bench(credit: 0)
    let refused = try #require(admission(bench, who))
    #expect(refused.code == .creditBalanceExhausted && refused.httpStatus == 429)
    #expect(refused.kind == .insufficientQuota && !refused.shouldRetry)
    try bench.meter.store.addCredit(
      .topUp, #require(PicoEuro(cents: 1)), reference: name("RF-1"), to: key.record.account)
    bench.meter.refreshKeys()
    #expect(admission(bench, who) == nil)
  }

  @Test func fiveHundredStreamsEndAtTheLastTokenThatTheCreditPaysFor() async throws {
    let (bench, who, _) = try bench(credit: 100, ledger: MemoryLedger())
    let tokens = try await bench.fiveHundredStreams(who, refusal: .creditBalanceExhausted)
    let (spent, reserved) = bench.meter.spending(of: .account(who.account))
    #expect(tokens > 0 && reserved == .zero)
    #expect(try spent <= #require(PicoEuro(cents: 100)) && spent > #require(PicoEuro(cents: 99)))
  }

  @Test func whatIsLeftIsWhatCameInLessWhatWasUsed() async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    let account = key.record.account
    let cost = Int64(10 * 2_000_000 + 5 * 20_000_000)
    try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    #expect(try store.creditLeft(of: account)?.rawValue == 50_000_000_000 - cost)
    // What is used while the account pays afterwards does not count.
    bench.clock.advance(.seconds(3900))
    try store.setMode(.postpaid, of: account)
    bench.meter.refreshKeys()
    #expect(try store.creditLeft(of: account)?.rawValue == 50_000_000_000 - cost)
    try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    #expect(try store.creditLeft(of: account)?.rawValue == 50_000_000_000 - cost)
    bench.clock.advance(.seconds(3600))
    try store.setMode(.prepaid, of: account)
    bench.meter.refreshKeys()
    #expect(try store.creditLeft(of: account)?.rawValue == 50_000_000_000 - cost)
    #expect(try store.paidCents(account, since: 0) == 5)
    try store.addCredit(.refund, PicoEuro(rawValue: cost - 50_000_000_000), to: account)
    #expect(try store.paidCents(account, since: 0) == 0)
    bench.meter.refreshKeys()
    #expect(try store.creditLeft(of: account) == .zero)
    #expect(admission(bench, who)?.code == .creditBalanceExhausted)
    #expect(
      try store.credit(of: account).map(\.kind)
        == [.otherUse, .topUp, .otherUse, .otherUse, .refund])
    // A restart finds the same.
    let copy = TemporaryFolder()
    _ = try store.backUp(to: copy.path)
    var configuration = MeterConfiguration(folder: copy.path)
    configuration.clock = bench.clock.clock
    let meter = try Meter(configuration)
    let again = try meter.authenticate(key.text)
    let code = refusal { () throws(MeterError) in
      _ = try meter.admit(again, bench.request(most: 10))
    }?.code
    #expect(code == .creditBalanceExhausted)
    try await meter.close()
  }

  @Test func whoPaysInAdvanceGetsNoInvoiceAndLinesAreNeverChanged() async throws {
    let (bench, who, key) = try bench(credit: 5)
    let store = bench.meter.store
    try await bench.meter.admit(who, bench.request(most: 5)).settle(completed())
    bench.clock.advance(.seconds(40 * 86_400))
    let month = try #require(UTCMonth("2026-11"))
    #expect(try store.issueInvoice(account: key.record.account, month: month) == nil)
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    for sql in ["UPDATE ledger SET amount_p = 1", "DELETE FROM ledger"] {
      #expect(throws: DatabaseError.self) { try database.write { try $0.execute(sql: sql) } }
    }
  }

  @Test func noMoreGoesBackThanIsLeftAndItStillDoesWhereAnAccountPaysAfterwards() async throws {
    let (bench, _, key) = try bench(credit: 99)
    let store = bench.meter.store
    let account = key.record.account
    func cents(_ number: Int64) throws -> PicoEuro { try #require(PicoEuro(cents: number)) }
    #expect(faultCode { try store.addCredit(.refund, cents(-100), to: account) } == .wrongState)
    try store.addCredit(.refund, cents(-9), to: account)
    try store.setMode(.postpaid, of: account)
    #expect(try store.creditLeft(of: account) == cents(90))
    #expect(faultCode { try store.addCredit(.topUp, cents(1), to: account) } == .wrongState)
    #expect(faultCode { try store.addCredit(.refund, cents(-91), to: account) } == .wrongState)
    try store.addCredit(.refund, cents(-90), to: account)
    #expect(try store.creditLeft(of: account) == .zero)
    #expect(faultCode { try store.addCredit(.adjustment, cents(1), to: account) } == .wrongState)
    try store.setMode(.prepaid, of: account)
    // A correction may go below zero: somebody used what never came in.
    try store.addCredit(.adjustment, cents(-1), to: account)
    #expect(try store.creditLeft(of: account) == cents(-1))
  }

  @Test(arguments: [
    (CreditKind.topUp, -1 as Int64), (.topUp, 0), (.refund, 1), (.adjustment, 0), (.otherUse, 1),
    (.topUp, .max), (.adjustment, .min),
  ]) func anAmountOfTheWrongSignOrSizeIsRefused(kind: CreditKind, amount: Int64) throws {
    let (bench, who, _) = try bench(credit: 0)
    let error = #expect(throws: UsageStoreError.self) {
      try bench.meter.store.addCredit(kind, PicoEuro(rawValue: amount), to: who.account)
    }
    #expect(error?.code == .invalidLimit)
  }

  @Test func creditIsForAccountsThatPayInAdvance() throws {
    let bench = try MeterBench()
    let account = try bench.key().record.account
    let error = #expect(throws: UsageStoreError.self) {
      try bench.meter.store.addCredit(.topUp, PicoEuro(rawValue: 1), to: account)
    }
    #expect(error?.code == .wrongState)
  }
}
