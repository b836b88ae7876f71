// A key that asks on though it was told to wait is answered before its body is read.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(10))) struct RefusedKeyServerTests {
  @Test func aKeyThatHammersIsToldToWaitBeforeItsBodyIsRead() async throws {
    try await withMeter(configure: {
      $0.clock = .still
      $0.refusals = RateLimit(perMinute: 1, burst: 3)
    }) { meter, store in
      let hammer = try store.createKey(
        label: #require(ShortName("hammer")),
        limits: LimitRule(requests: RateLimit(perMinute: 1, burst: 1)))
      let other = try store.createKey(label: #require(ShortName("other")))
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        let bearer = ["Authorization: Bearer \(hammer.text)"]
        let card = try await server.get("/v1/key", headers: bearer).json["data"]
        #expect(card?["refusal_limit"] == ["per_minute": 1, "burst": 3])
        #expect(card?["wrong_key_limit"] == ["per_minute": 60, "burst": 20])
        #expect(try await server.chat(ChatCompletionTests.chat, headers: bearer).status == 200)
        for policy in ["rpm", "rpm", "rpm", "refusals"] {
          let answer = try await server.chat(ChatCompletionTests.chat, headers: bearer)
          #expect(answer.status == 429)
          #expect(try answer.json["error"]?["details"]?["policy"]?.stringValue == policy)
        }
        // Of this request nothing comes but its head.
        let head = server.head(
          "POST", "/v1/chat/completions",
          bearer + ["Content-Type: application/json", "Content-Length: 5000000"])
        let answer = try await RawConnection.send(head, port: server.port)
        #expect(answer.status == 429)
        #expect(try answer.errorCode == "rate_limit_exceeded")
        #expect(answer.headers["x-should-retry"] == "true")
        let seconds = answer.headers["retry-after"].flatMap { Int($0) } ?? 0
        #expect((1...60).contains(seconds))
        #expect(answer.headers["retry-after-ms"].flatMap { Int($0) } != nil)
        // It may still look at itself, and others are not met.
        #expect(try await server.get("/v1/key", headers: bearer).status == 200)
        let good = try await server.chat(
          ChatCompletionTests.chat, headers: ["Authorization: Bearer \(other.text)"])
        #expect(good.status == 200)
      }
    }
  }
}
