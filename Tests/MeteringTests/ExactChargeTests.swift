// Units times prices is the cost of every row, also where the engine made more than was reserved.

import Metering
import Testing

@Suite struct ExactChargeTests {
  private let account = LimitScope.account(AccountID(rawValue: 1))
  /// A generated token costs 2 µEUR, a prompt token 1.
  private let prices = Prices(input: 1_000_000, cachedInput: 100_000, output: 2_000_000)

  private func bench(burst: Int64 = 800) throws -> (MeterBench, Principal) {
    let bench = try MeterBench {
      $0.keyLimits = LimitRule(outputTokens: RateLimit(perMinute: 60, burst: burst))
    }
    _ = try bench.meter.store.publishPrices(#require(prices), model: bench.model)
    let key = try bench.key()
    return (bench, try bench.meter.authenticate(key.text))
  }

  /// Several answers, of whose ends `advance` is told nothing.
  private func request(_ bench: MeterBench, most: Int64? = nil) -> AdmissionRequest {
    AdmissionRequest(
      model: bench.model, kind: .chat, promptTokens: 20, maxCompletionTokens: most,
      contextLeft: 8 * 1000, answerCount: 8)
  }

  private func end(_ completion: Int64, reasoning: Int64 = 0, cached: Int64 = 0) -> Settlement {
    Settlement(
      usage: TokenUsage(
        promptTokens: 20, cachedPromptTokens: cached, completionTokens: completion,
        reasoningTokens: reasoning),
      status: .completed, httpStatus: 200, latency: .seconds(1))
  }

  /// The rows, each of which costs what its units do.
  private func rows(_ bench: MeterBench) throws -> [UsageRow] {
    let rows = try bench.rows()
    for row in rows { #expect(try row.cost == prices?.cost(of: row.usage)) }
    return rows
  }

  private func draft(_ bench: MeterBench) throws -> InvoiceDraft {
    try bench.meter.store.draftInvoice(
      account: AccountID(rawValue: 1),
      month: UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds()))
  }

  @Test(arguments: [0, 100, 803] as [Int64])
  func theTokensThatEndAnswersAreChargedToo(reasoning: Int64) async throws {
    let (bench, who) = try bench()
    let lease = try bench.meter.admit(who, request(bench))
    #expect(lease.advance(completionTokens: 795) == .proceed)
    let charge = try await lease.settle(end(803, reasoning: reasoning))
    let cost = charge.cost
    #expect(try cost == prices?.cost(of: end(803, reasoning: reasoning).usage))
    let row = try #require(try rows(bench).first)
    #expect(row.usage == end(803, reasoning: reasoning).usage && charge.usage == row.usage)
    #expect(bench.meter.spending(of: account).spent == cost)
    #expect(bench.meter.spending(of: account).reserved == .zero)
    let lines = try draft(bench).lines
    #expect(lines.reduce(.zero) { $0 + MoneySum($1.exact) } == MoneySum(cost))
  }

  @Test(arguments: [0, 700, 803] as [Int64])
  func whereThereIsNoMoneyForThemTheRowHasWhatWasGranted(reasoning: Int64) async throws {
    let (bench, who) = try bench()
    let cap = try #require(
      try prices?.cost(of: TokenUsage(promptTokens: 20, completionTokens: 800)))
    try bench.meter.store.setBudget(Budget(hard: cap), for: account)
    bench.meter.refreshKeys()
    // What has begun may use all of it.
    let lease = try bench.meter.admit(who, request(bench))
    for count in Int64(1)..<800 { #expect(lease.advance(completionTokens: count) == .proceed) }
    let charge = try await lease.settle(end(900, reasoning: reasoning))
    let cost = charge.cost
    let row = try #require(try rows(bench).first)
    // Who asked is told what is charged.
    #expect(charge.usage == row.usage)
    #expect(row.usage.completionTokens == 800)
    #expect(row.usage.reasoningTokens == min(800, reasoning))
    #expect(row.cost == cost && cost <= cap)
    #expect(bench.meter.spending(of: account).spent == cost)
    #expect(bench.meter.spending(of: account).reserved == .zero)
    #expect(try draft(bench).lines.reduce(.zero) { $0 + MoneySum($1.exact) } == MoneySum(cost))
  }

  @Test func nobodyIsChargedForMoreThanTheyWanted() async throws {
    let (bench, who) = try bench()
    let lease = try bench.meter.admit(who, request(bench, most: 8))
    try await lease.settle(end(9))
    #expect(try rows(bench).map(\.usage.completionTokens) == [8])
  }

  @Test func whateverEnginesSayUnitsTimesPricesIsTheCost() async throws {
    let (bench, who) = try bench(burst: 100_000)
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let spent = bench.meter.spending(of: account).spent.rawValue
      let room = Int64.random(in: 800_000_000...3_000_000_000, using: &generator)
      try bench.meter.store.setBudget(
        Budget(hard: PicoEuro(rawValue: spent + room)), for: account)
      bench.meter.refreshKeys()
      bench.clock.advance(.seconds(600))
      let lease = try bench.meter.admit(who, request(bench))
      let told = Int64.random(in: 0...400, using: &generator)
      _ = lease.advance(completionTokens: told)
      let made = told + Int64.random(in: 0...500, using: &generator)
      try await lease.settle(
        end(
          made, reasoning: Int64.random(in: 0...made, using: &generator),
          cached: Int64.random(in: 0...20, using: &generator)))
      let now = bench.meter.spending(of: account)
      #expect(now.spent.rawValue <= spent + room && now.reserved == .zero)
    }
    let total = try rows(bench).reduce(MoneySum.zero) { $0 + MoneySum($1.cost) }
    #expect(try draft(bench).lines.reduce(.zero) { $0 + MoneySum($1.exact) } == total)
  }
}
