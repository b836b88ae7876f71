// What a request reserves whose client did not say how long its answer may get.

import Metering
import Testing

@Suite struct ReservationTests {
  private let account = LimitScope.account(AccountID(rawValue: 1))

  /// A meter in which what is reserved can be read off money: an output token costs 1e-12 EUR.
  private func bench() throws -> (MeterBench, Principal) {
    let bench = try MeterBench {
      $0.keyLimits = LimitRule()
      $0.refusals = nil
    }
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: 0, output: 1)), model: bench.model)
    let key = try bench.key()
    return (bench, try bench.meter.authenticate(key.text))
  }

  /// Output tokens that a request reserves; it is left without an answer.
  private func reserved(
    _ bench: MeterBench, _ who: Principal, prompt: Int64 = 10, most: Int64? = nil,
    answers: Int64 = 1, contextLeft: Int64 = 100_000
  ) throws(MeterError) -> Int64 {
    let lease = try bench.meter.admit(
      who,
      AdmissionRequest(
        model: bench.model, kind: .chat, promptTokens: prompt, maxCompletionTokens: most,
        contextLeft: contextLeft, answerCount: answers))
    let reserved = bench.meter.spending(of: account).reserved.rawValue
    _ = consume lease
    return reserved
  }

  private func answer(
    _ bench: MeterBench, _ who: Principal, tokens: Int64, count: Int, most: Int64? = nil,
    status: RequestStatus = .completed
  ) async throws {
    for _ in 0..<count {
      var end = completed(completion: tokens)
      end.status = status
      try await bench.meter.admit(who, bench.request(most: most)).settle(end)
    }
  }

  @Test func itIsWhat95Of100RecentAnswersOfTheModelNeeded() async throws {
    let (bench, who) = try bench()
    #expect(try reserved(bench, who) == 256)
    try await answer(bench, who, tokens: 40, count: 19)
    // Too few to tell.
    #expect(try reserved(bench, who) == 256)
    try await answer(bench, who, tokens: 40, count: 1)
    // An eighth more at most: lengths are known in classes.
    #expect(try reserved(bench, who) == 43)
    #expect(try reserved(bench, who, most: 5) == 5)
    #expect(try reserved(bench, who, answers: 3) == 129)
    #expect(try reserved(bench, who, contextLeft: 7) == 7)
    // One in twenty is longer, and then more are.
    try await answer(bench, who, tokens: 1000, count: 1)
    #expect(try reserved(bench, who) == 43)
    try await answer(bench, who, tokens: 1000, count: 1)
    #expect(try reserved(bench, who) == 1023)
    // What was long ago counts less and less.
    try await answer(bench, who, tokens: 3, count: 2000)
    #expect(try reserved(bench, who) == 3)
    // Another model has answers of its own.
    let other = try bench.meter.modelID(name("other"))
    _ = try bench.meter.store.publishPrices(#require(Prices(input: 0, output: 1)), model: other)
    bench.meter.refreshKeys()
    let lease = try bench.meter.admit(
      who, AdmissionRequest(model: other, kind: .chat, promptTokens: 1, contextLeft: 9999))
    #expect(bench.meter.spending(of: account).reserved.rawValue == 256)
    _ = consume lease
  }

  @Test func answersThatWereCutShortTellNothing() async throws {
    let (bench, who) = try bench()
    try await answer(bench, who, tokens: 1, count: 30, most: 1)
    try await answer(bench, who, tokens: 2, count: 30, status: .cancelled)
    try await answer(bench, who, tokens: 2, count: 30, status: .stoppedByBudget)
    try await answer(bench, who, tokens: 2, count: 30, status: .failed)
    #expect(try reserved(bench, who) == 256)
  }

  @Test(arguments: [0, 7, 8, 15, 16, 1000, 4095, 4096, 1 << 23, 1 << 40] as [Int64])
  func aLengthIsKnownToAnEighth(tokens: Int64) async throws {
    let (bench, who) = try bench()
    try await answer(bench, who, tokens: tokens, count: 20)
    let known = try reserved(bench, who, contextLeft: .max)
    let bounded = min(tokens, (1 << 24) - 1)
    #expect(known >= max(1, bounded) && known <= max(1, bounded + bounded / 8))
  }

  @Test func nobodyIsRefusedForALengthThatWasGuessed() async throws {
    let (bench, who) = try bench()
    try await answer(bench, who, tokens: 2000, count: 40)
    let rules: [(LimitRule, prompt: Int64, reserved: Int64)] = [
      (LimitRule(outputTokens: RateLimit(perMinute: 60, burst: 100)), 10, 100),
      (LimitRule(tokens: RateLimit(perMinute: 60, burst: 300)), 280, 20),
      (LimitRule(tokens: RateLimit(perMinute: 60, burst: 300)), 300, 0),
    ]
    for (rule, prompt, expected) in rules {
      try bench.meter.store.setLimits(rule, for: account)
      bench.meter.refreshKeys()
      bench.clock.advance(.seconds(3600))
      #expect(try reserved(bench, who, prompt: prompt) == expected)
    }
    bench.clock.advance(.seconds(3600))
    // What was asked for, or is there, is no guess.
    for (prompt, most) in [(301, nil), (10, 291)] as [(Int64, Int64?)] {
      let error = refusal { () throws(MeterError) in
        _ = try reserved(bench, who, prompt: prompt, most: most)
      }
      #expect(error?.message.hasPrefix("Request too large") == true)
    }
  }

  @Test func whoCanPayForAStepIsServedToTheLastToken() async throws {
    let (bench, who) = try bench()
    try await answer(bench, who, tokens: 2000, count: 40)
    let spent = bench.meter.spending(of: account).spent
    func allow(_ tokens: Int64) throws {
      try bench.meter.store.setBudget(
        Budget(hard: spent.adding(PicoEuro(rawValue: tokens))), for: account)
      bench.meter.refreshKeys()
    }
    try allow(255)
    #expect(
      refusal { () throws(MeterError) in _ = try reserved(bench, who) }?.code
        == .organizationSpendLimitExceeded)
    try allow(256)
    #expect(try reserved(bench, who) == 256)
    // What was asked for is reserved whole, or not at all.
    #expect(
      refusal { () throws(MeterError) in _ = try reserved(bench, who, most: 257) }?.code
        == .organizationSpendLimitExceeded)
    try allow(600)
    #expect(try reserved(bench, who) == 600)
    let lease = try bench.meter.admit(who, bench.request())
    for count in 1..<600 { #expect(lease.advance(completionTokens: Int64(count)) == .proceed) }
    #expect(lease.advance(completionTokens: 600) == .budgetSpent)
    var end = completed(completion: 600)
    end.status = .stoppedByBudget
    #expect(try await lease.settle(end).cost == PicoEuro(rawValue: 600))
  }

  @Test func absurdNumbersAreRefusedAndNothingTraps() async throws {
    let (bench, who) = try bench()
    let dearest: Int64 = 1_000_000_000_000
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: dearest, output: dearest, request: dearest)), model: bench.model)
    bench.meter.refreshKeys()
    for (prompt, most) in [
      (1 << 40, nil), (1, 1 << 40), (1 << 62, 1 << 62), (.max / 2, nil), (4_611_686, nil),
    ] as [(Int64, Int64?)] {
      let error = refusal { () throws(MeterError) in
        _ = try reserved(bench, who, prompt: prompt, most: most, contextLeft: .max)
      }
      #expect(error?.kind == .insufficientQuota)
    }
    // More than the number for all years holds is used up in months.
    for _ in 0..<4 {
      let lease = try bench.meter.admit(who, bench.request(prompt: 4_000_000, most: 0))
      let cost = try await lease.settle(completed(prompt: 4_000_000, completion: 0)).cost
      #expect(cost.rawValue == 4_000_001 * dearest)
      bench.clock.advance(.seconds(32 * 86_400))
    }
    #expect(bench.meter.spending(of: account).reserved == .zero)
    // The next server begins all the same.
    let store = bench.meter.store
    #expect(throws: UsageStoreError.self) {
      try store.setMode(.prepaid, of: AccountID(rawValue: 1))
    }
    try await bench.meter.close()
    var configuration = MeterConfiguration(folder: bench.folder.path)
    configuration.clock = bench.clock.clock
    let next = try Meter(configuration)
    #expect(next.spending(of: account).spent == .zero)
    try await next.close()
  }
}
