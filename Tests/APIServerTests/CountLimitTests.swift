// What only counts is held to the limits on requests too.

import APIServer
import JSON
import Metering
import Testing

@Suite struct CountLimitTests {
  private static let conversation: JSONValue = [["role": "user", "content": "a"]]

  @Test(
    arguments: [
      ("/v1/tokenize", ["content": "a"]), ("/v1/detokenize", ["tokens": [1]]),
      ("/v1/apply-template", ["messages": conversation]),
      ("/v1/messages/count_tokens", ["model": "swift-1", "messages": conversation]),
      ("/v1/responses/input_tokens", ["model": "swift-1", "input": "a"]),
    ] as [(String, JSONObject)])
  func aCountTakesFromTheLimitOnRequests(path: String, fields: JSONObject) async throws {
    // Five at once, and one more in a minute.
    let rule = LimitRule(requests: RateLimit(perMinute: 1, burst: 5))
    try await withMeter(configure: { $0.keyLimits = rule }) { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server async throws in
        var statuses: [Int] = []
        for _ in 0..<6 {
          let answer = try await server.post(
            path, JSONValue.object(fields).serialized(),
            headers: ["Authorization: Bearer \(key.text)"])
          statuses.append(answer.status)
        }
        #expect(statuses == [200, 200, 200, 200, 200, 429])
        #expect(meter.outstanding == 0)
      }
    }
  }
}
