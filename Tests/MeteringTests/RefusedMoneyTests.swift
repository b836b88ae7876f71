// What the disk refused to record is not spent, in memory as little as in the row.

import Metering
import Testing

@Suite struct RefusedMoneyTests {
  private let account = LimitScope.account(AccountID(rawValue: 1))

  /// A meter whose model costs 0.10 EUR per million prompt tokens and 0.40 per million others.
  private func bench(ledger: MemoryLedger) throws -> (MeterBench, NewKey) {
    let bench = try MeterBench(ledger: ledger) { $0.keyLimits = LimitRule() }
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: 100_000, output: 400_000)), model: bench.model)
    return (bench, try bench.key())
  }

  @Test(arguments: [BillingMode.postpaid, .prepaid])
  func whatTheDiskRefusedIsNotSpent(mode: BillingMode) async throws {
    let ledger = MemoryLedger()
    let (bench, key) = try bench(ledger: ledger)
    let store = bench.meter.store
    // Enough for two requests.
    let one = PicoEuro(rawValue: 10 * 100_000 + 5 * 400_000)
    try store.setMode(mode, of: AccountID(rawValue: 1))
    if mode == .prepaid {
      _ = try store.addCredit(
        .topUp, PicoEuro(rawValue: 2 * one.rawValue), to: AccountID(rawValue: 1))
    } else {
      for scope in [account, .key(key.record.id)] {
        try store.setBudget(Budget(hard: PicoEuro(rawValue: 2 * one.rawValue)), for: scope)
      }
    }
    bench.meter.refreshKeys()
    let who = try bench.meter.authenticate(key.text)
    let request = bench.request(most: 5)
    try await bench.meter.admit(who, request).settle(completed())
    for _ in 0..<3 {
      let lease = LeaseHolder(try bench.meter.admit(who, request))
      ledger.refuse(true)
      await #expect(throws: MeterError.serverIsOverloaded()) {
        try await lease.take()?.settle(completed())
      }
      #expect(bench.meter.spending(of: account).spent == one)
      #expect(bench.meter.spending(of: .key(key.record.id)).spent == one)
      // Rows that the disk refuses once more are free already.
      for _ in 0..<3 {
        bench.clock.advance(.seconds(1))
        #expect(
          refusal { () throws(MeterError) in
            _ = try bench.meter.admit(who, request)
          }?.httpStatus == 503)
      }
      ledger.refuse(false)
      bench.clock.advance(.seconds(1))
      try await untilTheDiskIsBack(bench)
      #expect(bench.meter.spending(of: account).spent == one)
    }
    // The second one that is paid for, and no third.
    try await bench.meter.admit(who, request).settle(completed())
    #expect(
      refusal { () throws(MeterError) in _ = try bench.meter.admit(who, request) }?.httpStatus
        == 429)
    #expect(ledger.contents.settled.values.count(where: \.isBillable) == 2)
  }

  @Test func rowsOfTwoMonthsAreNotWrittenInOneStep() async throws {
    let ledger = MemoryLedger()
    let (bench, key) = try bench(ledger: ledger)
    let who = try bench.meter.authenticate(key.text)
    var leases: [LeaseHolder] = []
    for _ in 0..<3 {
      leases.append(LeaseHolder(try bench.meter.admit(who, bench.request(most: 5))))
      bench.clock.advance(.seconds(20 * 86_400))
    }
    // What the disk refuses comes again together.
    ledger.refuse(true)
    for lease in leases {
      await #expect(throws: MeterError.serverIsOverloaded()) {
        try await lease.take()?.settle(completed())
      }
    }
    ledger.refuse(false)
    bench.clock.advance(.seconds(1))
    try await untilTheDiskIsBack(bench)
    let rows = ledger.contents.settled.values.filter { $0.key == key.record.id }
    #expect(Set(rows.map(\.requestID.month)).count == 3 && rows.count == 3)
    #expect(ledger.contents.mixedBatches == 0 && ledger.contents.settledTwice == 0)
  }

  /// Asks on behalf of nobody, who spends nothing.
  private func untilTheDiskIsBack(_ bench: MeterBench) async throws {
    for count in 1...1_000_000 {
      // A try that began before the disk was back may fail behind it; the next comes a second later.
      if count % 1000 == 0 { bench.clock.advance(.seconds(1)) }
      do throws(MeterError) {
        let lease = try bench.meter.admit(.local, bench.request(most: 0))
        var end = completed(completion: 0)
        end.status = .rejected
        _ = lease.end(end)
        return
      } catch { await Task.yield() }
    }
    Issue.record("the disk did not come back")
  }

  @Test func moneyComesBackToTheMonthThatItWasSpentInAndToAllYears() throws {
    let month = try #require(UTCMonth("2026-11"))
    let other = AccountID(rawValue: 7)
    var book = SpendBook(
      month: month, spent: [account: PicoEuro(rawValue: 90)],
      used: [AccountID(rawValue: 1): PicoEuro(rawValue: 500)])
    book.setCredits([AccountID(rawValue: 1): PicoEuro(rawValue: 500)])
    book.giveBack(PicoEuro(rawValue: 30), for: [account], month: month)
    #expect(book.spent(in: account).rawValue == 60)
    #expect(book.room(in: [account]).rawValue == 30)
    book.giveBack(PicoEuro(rawValue: 5), for: [account], month: month.previous)
    #expect(book.spent(in: account).rawValue == 60)
    #expect(book.room(in: [account]).rawValue == 35)
    book.giveBack(PicoEuro(rawValue: 1000), for: [account, .account(other)], month: month)
    #expect(book.spent(in: account) == .zero && book.spent(in: .account(other)) == .zero)
    #expect(book.room(in: [account]).rawValue == 500)
  }
}
