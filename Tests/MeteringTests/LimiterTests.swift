// All limits together: a request passes every one of them or takes from none.

import Metering
import Testing

@Suite struct LimiterTests {
  private let key = LimitScope.key(KeyID(rawValue: 1))
  private let account = LimitScope.account(AccountID(rawValue: 1))

  @Test func aRefusalTakesFromNoLimit() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      var limiter = Limiter()
      let rules = randomRules(&generator)
      var now: Int64 = 1_000_000_000
      for _ in 0..<40 {
        now += Int64.random(in: 0...2_000_000_000, using: &generator)
        let cost = LimitCost(
          inputTokens: Int64.random(in: 0...60, using: &generator),
          outputTokens: Int64.random(in: 0...60, using: &generator))
        let before = limiter.decision(rules, at: now)
        let looked = refusal(limiter, rules, cost, now)
        do {
          _ = try limiter.admit(rules, cost: cost, at: now)
          #expect(looked == nil)
        } catch {
          #expect(limiter.decision(rules, at: now) == before)
          #expect(looked == error)
          guard let wait = error.waitNanoseconds, error.meter != .parallel else { continue }
          // Whoever waits as told is not refused by any rate limit.
          let later = refusal(limiter, rules, cost, now + wait)
          #expect(later == nil || later?.meter == .parallel)
        }
      }
    }
  }

  @Test func unusedTokensComeBackAndTheRequestDoesNot() throws {
    var limiter = Limiter()
    let rules = [
      (
        scope: key,
        rule: LimitRule(
          requests: RateLimit(perMinute: 60, burst: 5),
          tokens: RateLimit(perMinute: 6000, burst: 1000), parallel: 2)
      )
    ]
    let (reservation, decision) = try limiter.admit(
      rules, cost: LimitCost(inputTokens: 100, outputTokens: 400), at: 0)
    #expect(decision.tokens?.remaining == 500)
    #expect(decision.requests?.remaining == 4)
    #expect(decision.parallel?.limit == 2 && decision.parallel?.running == 1)
    limiter.settle(reservation, used: LimitCost(inputTokens: 100, outputTokens: 50), at: 0)
    let after = limiter.decision(rules, at: 0)
    #expect(after.tokens?.remaining == 850)
    #expect(after.requests?.remaining == 4)
    #expect(after.parallel?.running == 0)
    #expect(limiter.runningCount == 0)
  }

  @Test func anAnswerThatOutgrowsItsReservationLeadsIntoDebtAndIsNotCut() throws {
    var limiter = Limiter()
    let rules = [
      (scope: key, rule: LimitRule(outputTokens: RateLimit(perMinute: 600, burst: 300)))
    ]
    var (reservation, _) = try limiter.admit(rules, cost: LimitCost(outputTokens: 256), at: 0)
    limiter.extend(&reservation, outputTokens: 256, at: 0)
    #expect(limiter.decision(rules, at: 0).tokens?.remaining == 0)
    // 212 tokens of debt and one more take 21.3 seconds at ten a second.
    #expect(
      refusal(limiter, rules, LimitCost(outputTokens: 1), 0)?.waitNanoseconds == 21_300_000_000)
    limiter.settle(reservation, used: LimitCost(outputTokens: 300), at: 0)
    #expect(limiter.decision(rules, at: 0).tokens?.remaining == 0)
    #expect(refusal(limiter, rules, LimitCost(outputTokens: 1), 0)?.waitNanoseconds == 100_000_000)
  }

  @Test func whatWasUsedBeyondTheReservationIsCharged() throws {
    var limiter = Limiter()
    let rules = [
      (scope: key, rule: LimitRule(tokens: RateLimit(perMinute: 600, burst: 300)))
    ]
    let (reservation, _) = try limiter.admit(rules, cost: LimitCost(outputTokens: 10), at: 0)
    limiter.settle(reservation, used: LimitCost(outputTokens: 30), at: 0)
    #expect(limiter.decision(rules, at: 0).tokens?.remaining == 270)
  }

  @Test func requestsAtTheSameTimeAreCountedForEveryScope() throws {
    var limiter = Limiter()
    let rules = [
      (scope: key, rule: LimitRule(parallel: 2)), (scope: account, rule: LimitRule(parallel: 3)),
    ]
    let others = [
      (scope: LimitScope.key(KeyID(rawValue: 2)), rule: LimitRule(parallel: 2)),
      (scope: account, rule: LimitRule(parallel: 3)),
    ]
    let (first, _) = try limiter.admit(rules, cost: LimitCost(), at: 0)
    _ = try limiter.admit(rules, cost: LimitCost(), at: 0)
    let refused = try #require(refusal(limiter, rules, LimitCost(), 0))
    #expect(refused.meter == .parallel)
    #expect(refused.scope == key)
    #expect(refused.limit == 2 && refused.used == 2 && refused.requested == 1)
    _ = try limiter.admit(others, cost: LimitCost(), at: 0)
    #expect(refusal(limiter, others, LimitCost(), 0)?.scope == account)
    limiter.settle(first, used: LimitCost(), at: 0)
    #expect(refusal(limiter, rules, LimitCost(), 0) == nil)
  }

  @Test func fiftyRequestsNeverExceedABudgetOfTokens() throws {
    var limiter = Limiter()
    let rules = [(scope: key, rule: LimitRule(tokens: LimitRule.tokenLimit(perMinute: 10_000)))]
    var reserved: Int64 = 0
    for _ in 0..<50 {
      let cost = LimitCost(inputTokens: 300, outputTokens: 256)
      guard refusal(limiter, rules, cost, 0) == nil else { continue }
      _ = try limiter.admit(rules, cost: cost, at: 0)
      reserved += 556
    }
    #expect(reserved == 17 * 556)
  }

  @Test func fullBucketsAreForgotten() throws {
    var limiter = Limiter()
    let limit = try #require(RateLimit(perMinute: 60, burst: 1))
    for address in 0..<10_000 {
      _ = limiter.strike(
        .address(.v4(UInt32(address))), under: limit,
        at: Int64(address) * 1_000_000_000)
    }
    #expect(limiter.scopeCount <= 1025)
  }

  private func refusal(
    _ limiter: Limiter, _ rules: [ScopedRule], _ cost: LimitCost,
    _ now: Int64
  ) -> RateRefusal? {
    do throws(RateRefusal) {
      try limiter.check(rules, cost: cost, at: now)
      return nil
    } catch { return error }
  }

  private func randomRules(
    _ generator: inout SeededGenerator
  ) -> [ScopedRule] {
    func limit() -> RateLimit? {
      Bool.random(using: &generator)
        ? RateLimit(
          perMinute: Int64.random(in: 1...500, using: &generator),
          burst: Int64.random(in: 1...100, using: &generator)) : nil
    }
    return [key, account, .model(ModelID(rawValue: 1))].map {
      (
        $0,
        LimitRule(
          requests: limit(), inputTokens: limit(), outputTokens: limit(), tokens: limit(),
          parallel: Bool.random(using: &generator)
            ? Int64.random(in: 1...4, using: &generator) : nil)
      )
    }
  }

  /// What was taken before a restart stays taken, but for what has refilled meanwhile.
  @Test func aRestartIsNoWayAroundALimit() async throws {
    let folder = TemporaryFolder()
    let clock = HandClock(wallMilliseconds: HandClock.usualStart)
    var configuration = MeterConfiguration(folder: folder.path)
    configuration.clock = clock.clock
    // A request takes ten seconds to come back.
    configuration.keyLimits = LimitRule(
      requests: RateLimit(perMinute: 6, burst: 3), tokens: LimitRule.tokenLimit(perMinute: 1000))
    let store = try UsageStore(folder: folder.path, mode: .administering, clock: clock.clock)
    let key = try store.createKey(label: name("test")).text
    try store.close()
    for (seconds, fitting) in [(0, 3), (0, 0), (9, 0), (2, 1)] as [(Int64, Int)] {
      clock.advance(.seconds(seconds))
      var count = 0
      do {
        let meter = try Meter(configuration)
        let who = try meter.authenticate(key)
        let request = AdmissionRequest(
          model: try meter.modelID(name("tiny")), kind: .chat, promptTokens: 10,
          maxCompletionTokens: 5, contextLeft: 100)
        while MeteringTests.refusal({ () throws(MeterError) in
          _ = try meter.admit(who, request)
        }) == nil { count += 1 }
        try await meter.close()
      }
      #expect(count == fitting, "after \(seconds) s")
    }
  }

  @Test func debtsComeBackAsTheyWereLessWhatHasRefilled() throws {
    let limit = try #require(RateLimit(perMinute: 60, burst: 10))
    let scope = LimitScope.key(KeyID(rawValue: 7))
    let rules: [ScopedRule] = [(scope, LimitRule(requests: limit))]
    var first = Limiter()
    let now: Int64 = 5_000_000_000
    for _ in 0..<10 { _ = try first.admit(rules, cost: LimitCost(), at: now) }
    let debts = first.debts(at: now, longerThan: 0, from: 0, count: 10)
    #expect(debts.map(\.owed) == [10_000_000_000])
    // Another process counts its time from elsewhere.
    for (elapsed, free) in [(0, 0), (3_500_000_000, 3), (60_000_000_000, 10)] as [(Int64, Int64)] {
      var second = Limiter()
      second.adopt(debts, elapsed: elapsed, at: 77)
      #expect(second.decision(rules, at: 77).requests?.remaining == free)
    }
    // What this process has taken itself is not forgiven by an older debt.
    var third = first
    third.adopt(debts, elapsed: 9_000_000_000, at: now)
    #expect(third.decision(rules, at: now).requests?.remaining == 0)
  }

  /// A walk in parts finds every debt once, also of those scopes that outlived others.
  @Test func debtsAreFoundInParts() throws {
    let limit = try #require(RateLimit(perMinute: 60, burst: 10))
    let slow = try #require(RateLimit(perMinute: 1, burst: 10))
    var limiter = Limiter()
    func use(_ ids: Range<Int64>, under limit: RateLimit, at now: Int64) throws {
      for id in ids {
        let rules: [ScopedRule] = [(.key(KeyID(rawValue: id)), LimitRule(requests: limit))]
        let (reservation, _) = try limiter.admit(rules, cost: LimitCost(), at: now)
        limiter.settle(reservation, used: LimitCost(), at: now)
      }
    }
    func walk(by count: Int, at now: Int64) -> [LimitScope] {
      stride(from: 0, to: limiter.scopeCount, by: count).flatMap {
        limiter.debts(at: now, longerThan: 0, from: $0, count: count).map(\.scope)
      }
    }
    try use(0..<500, under: slow, at: 0)
    try use(500..<1000, under: limit, at: 0)
    for count in [1, 7, 256, 1000, 5000] {
      let found = walk(by: count, at: 0)
      #expect(found.count == 1000 && Set(found).count == 1000)
    }
    #expect(limiter.sweepCount == 0)
    // The next ones make it forget those that are full again.
    try use(1000..<1100, under: slow, at: 30_000_000_000)
    #expect(limiter.sweepCount == 1 && limiter.scopeCount == 600)
    let found = walk(by: 7, at: 30_000_000_000)
    #expect(found.count == 600 && Set(found).count == 600)
    #expect(limiter.debts(at: 0, longerThan: 0, from: 600, count: 7).isEmpty)
  }
}
