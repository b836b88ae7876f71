// What a refusal for a limit says of when to come again, in all headers alike.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct RefusedLimitHeaderTests {
  private func serving(
    _ engine: FakeEngine, _ limits: LimitRule,
    _ test:
      @escaping @Sendable (@escaping @Sendable (JSONObject) async throws -> HTTPAnswer)
      async throws -> Void
  ) async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")), limits: limits)
      meter.refreshKeys()
      try await RunningServer.serving(engine, meter: meter) { server in
        try await test { fields in
          try await server.chat(
            ChatCompletionTests.chat(fields), headers: ["Authorization: Bearer \(key.text)"])
        }
      }
    }
  }

  @Test func aFullCountOfRunningRequestsSaysOneSecondEverywhere() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    let limits = LimitRule(requests: RateLimit(perMinute: 60, burst: 10), parallel: 1)
    try await serving(engine, limits) { ask async throws in
      async let running = ask([:])
      for await _ in engine.hangs { break }
      let refused = try await ask([:])
      #expect(refused.status == 429)
      #expect(refused.headers["retry-after"] == "1")
      #expect(refused.headers["ratelimit"] == "\"par\";r=0;t=1")
      #expect(
        refused.headers["ratelimit-policy"]
          == "\"rpm\";q=60;w=60, \"par\";q=1;qu=\"concurrent-requests\"")
      // OpenAI's are of the limit on requests, whoever refused.
      #expect(refused.headers["x-ratelimit-limit-requests"] == "60")
      engine.resume()
      let answer = try await running
      #expect(answer.status == 200)
      #expect(answer.headers["ratelimit"]?.hasPrefix("\"rpm\";r=9;t=1, \"par\";r=0") == true)
    }
  }

  /// Tokens have no unit in the draft: nothing there names another moment than `Retry-After`.
  @Test func aRefusalForTokensNamesNoOtherMoment() async throws {
    let limits = LimitRule(
      requests: RateLimit(perMinute: 60, burst: 10), tokens: RateLimit(perMinute: 6, burst: 60))
    try await serving(FakeEngine(), limits) { ask in
      #expect(try await ask(["max_tokens": 40]).status == 200)
      let refused = try await ask(["max_tokens": 56])
      #expect(refused.status == 429)
      #expect(try refused.json["error"]?["type"] == "tokens")
      #expect(refused.headers["retry-after"].flatMap { Int($0) } ?? 0 > 1)
      #expect(refused.headers["ratelimit"] == nil)
      #expect(refused.headers["ratelimit-policy"] == "\"rpm\";q=60;w=60")
      #expect(refused.headers["x-ratelimit-limit-tokens"] == "6")
    }
  }
}
