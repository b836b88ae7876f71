// The allowance of refusals: who waits as told never meets it, who does not is answered cheaply.

import Metering
import Testing

@Suite struct RefusedKeyTests {
  private func bench(
    perMinute: Int64 = 60, burst: Int64 = 1,
    refusals: RateLimit? = RateLimit(perMinute: 60, burst: 5)
  ) throws -> (MeterBench, Principal) {
    let bench = try MeterBench { $0.refusals = refusals }
    let key = try bench.key(
      limits: LimitRule(requests: RateLimit(perMinute: perMinute, burst: burst)))
    return (bench, try bench.meter.authenticate(key.text))
  }

  /// What a request meets on its way, and a settled lease where it meets nothing.
  private func ask(_ bench: MeterBench, _ who: Principal) async throws -> MeterError? {
    let lease: MeterLease
    do throws(MeterError) {
      try bench.meter.lookAtRefusals(of: who)
      try bench.meter.look(who, model: bench.model)
      lease = try bench.meter.admit(who, bench.request())
    } catch {
      return error
    }
    try await lease.settle(completed())
    return nil
  }

  @Test func beyondTheAllowanceAKeyWaitsAsLongAsItWasTold() async throws {
    let (bench, who) = try bench()
    #expect(try await ask(bench, who) == nil)
    for _ in 0..<5 { #expect(try await ask(bench, who)?.detail == .requestsPerMinute) }
    for _ in 0..<100 {
      let error = try #require(try await ask(bench, who))
      #expect(error.detail == .refusals)
      #expect(error.code == .rateLimitExceeded && error.httpStatus == 429 && error.shouldRetry)
      #expect(error.retryAfterMilliseconds == 1000)
      #expect(error.message.hasSuffix("Please try again in 1s."))
    }
    bench.clock.advance(.milliseconds(400))
    #expect(try await ask(bench, who)?.retryAfterMilliseconds == 600)
    // It is heard as soon as it has waited, though its allowance is used up.
    bench.clock.advance(.milliseconds(600))
    #expect(try await ask(bench, who) == nil)
  }

  /// Twenty clients of one key, which all wait exactly as they are told, for a minute and more.
  @Test func whoWaitsAsToldMeetsNothingButTheLimitItself() async throws {
    let (bench, who) = try bench(
      perMinute: 600, burst: 5, refusals: MeterConfiguration(folder: "").refusals)
    var due = Array(repeating: Int64(0), count: 20)
    var (done, now) = (0, Int64(0))
    while done < 700 {
      let next = try #require(due.indices.min { (due[$0], $0) < (due[$1], $1) })
      if due[next] > now {
        bench.clock.advance(.milliseconds(due[next] - now))
        now = due[next]
      }
      if let error = try await ask(bench, who) {
        #expect(error.detail == .requestsPerMinute || error.detail == .refusals)
        due[next] = now + (try #require(error.retryAfterMilliseconds))
      } else {
        done += 1
        due[next] = now + 1
      }
    }
    // The limit allows no more than this, and all of it was had.
    #expect((69_000...70_000).contains(now))
  }

  @Test func whatWaitingDoesNotHelpIsHeardAgainWhenTheAllowanceHasRoom() async throws {
    let bench = try MeterBench { $0.refusals = RateLimit(perMinute: 60, burst: 2) }
    let key = try bench.key(
      limits: LimitRule(inputTokens: RateLimit(perMinute: 5, burst: 5)))
    let who = try bench.meter.authenticate(key.text)
    for _ in 0..<2 { #expect(try await ask(bench, who)?.detail == .inputTokensPerMinute) }
    #expect(try await ask(bench, who)?.detail == .refusals)
    bench.clock.advance(.seconds(1))
    #expect(try await ask(bench, who)?.detail == .inputTokensPerMinute)
  }

  @Test func othersAreNotMetAndTheAllowanceCanBeSwitchedOff() async throws {
    let (bench, who) = try bench()
    for _ in 0..<20 { _ = try await ask(bench, who) }
    #expect(try await ask(bench, try bench.meter.authenticate(bench.key().text)) == nil)
    let (free, anybody) = try self.bench(refusals: nil)
    _ = try await ask(free, anybody)
    for _ in 0..<1000 { #expect(try await ask(free, anybody)?.detail == .requestsPerMinute) }
  }
}
