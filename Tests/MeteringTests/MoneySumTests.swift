// Sums that no single amount holds: all customers of a month together.

import Metering
import Testing

@Suite struct MoneySumTests {
  /// Three customers at 4.5 million euros each: more than 64 bits of pico-euro.
  @Test func aMonthOfAllCustomersTogetherHasNoEnd() throws {
    let folder = TemporaryFolder()
    let clock = HandClock(wallMilliseconds: HandClock.usualStart)
    let store = try UsageStore(folder: folder.path, mode: .serving, clock: clock.clock)
    let model = try store.modelID(name("tiny"))
    let list = try store.publishPrices(#require(Prices(input: 1_000_000_000_000)), model: model)
    var generator = SeededGenerator(seed: 3)
    let now = clock.clock.wallMilliseconds()
    let accounts = try ["a", "b", "c"].map { try store.createAccount(name($0)) }
    let usage = TokenUsage(promptTokens: 4_500_000)
    let cost = try list.prices.cost(of: usage)
    try store.commit(
      accounts.map { account in
        .settled(
          UsageRow(
            requestID: RequestID(wallMilliseconds: now, using: &generator),
            startedMilliseconds: now, settledMilliseconds: now, account: account,
            key: KeyID(rawValue: account.rawValue), model: model, kind: .chat, status: .completed,
            httpStatus: 200, usage: usage, firstTokenMicroseconds: nil, latencyMicroseconds: 1,
            price: list.id, cost: cost, isBillable: true, role: .service), opening: nil)
      })
    let month = UTCMonth(wallMilliseconds: now)
    let (events, rollups) = try store.sums(month: month)
    #expect(events == rollups)
    #expect(events.requests == 3 && events.cost.description == "13500000.00")
    #expect(events.cost.amount == nil)
    #expect(try store.reconcile().brokenMonths.isEmpty)
    let dearer = try #require(Prices(input: 999_999_999_999, output: 7))
    let (charged, wouldBe) = try store.repriced(model, month: month, at: dearer)
    #expect(charged == events.cost)
    #expect(wouldBe.description == "13499999.9999865")
    // What one of them owes is an amount, to the pico-euro.
    let part = try store.billableUsage(account: accounts[0], month: month)
    #expect(part.map(\.sums.cost.amount) == [cost])
    try store.close()
  }

  @Test func aSumIsWhatItsAmountsAre() throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let parts = (0..<5).map { _ in
        PicoEuro(rawValue: Int64.random(in: -1_000_000_000_000_000...(1 << 60), using: &generator))
      }
      let sum = parts.reduce(.zero) { $0 + MoneySum($1) }
      #expect(sum.rawValue == parts.reduce(Int128(0)) { $0 + Int128($1.rawValue) })
      let one = try #require(parts.first)
      #expect(MoneySum(one).amount == one && MoneySum(one).description == one.description)
      #expect(PicoEuro(one.description) == one)
      #expect(PicoEuro(rawValue: 3).total(for: .max).rawValue == Int128(Int64.max) * 3)
    }
  }
}
