// Keys, limits and records: every answer's usage is the row in the ledger.

import APIServer
import JSON
import Metering
import Testing
import Transformer

@Suite struct MeteredServerTests {
  private func month() -> UTCMonth {
    UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
  }

  @Test(arguments: [
    [], ["Authorization: Bearer wrong"], ["Authorization: Basic x"], ["Authorization: Bearer"],
    ["x-api-key: wrong"],
    ["Authorization: Bearer apus_live_aaaaaaaa_\(String(repeating: "a", count: 49))"],
  ])
  func aWrongKeyIsRefusedEverywhereButWhereNoneIsNeeded(headers: [String]) async throws {
    try await withMeter { meter, store in
      _ = try store.createKey(label: ShortName("test")!, role: .service, limits: nil)
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        for route in ["/v1/models", "/v1/models/swift-1", "/models"] {
          let answer = try await server.get(route, headers: headers)
          #expect(answer.status == 401)
          #expect(try answer.errorCode == "invalid_api_key")
        }
        let answer = try await server.chat(ChatCompletionTests.chat, headers: headers)
        #expect(answer.status == 401)
        #expect(try answer.json["error"]?["type"] == "invalid_request_error")
        #expect(answer.headers["x-should-retry"] == "false")
        #expect(try await server.get("/health").status == 200)
        let page = try await server.get("/")
        #expect(page.status == 200)
        #expect(!page.body.contains("swift-1"))
      }
    }
  }

  @Test func usageInAnAnswerEqualsTheRow() async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: ShortName("test")!, role: .service, limits: nil)
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        // A scheme has no case, and clients that put two spaces behind it are known.
        let bearer = ["Authorization: bEARER  \(key.text)"]
        let plain = try await server.chat(ChatCompletionTests.chat, headers: bearer)
        #expect(plain.status == 200)
        #expect(plain.headers["x-ratelimit-limit-requests"] == "600")
        #expect(plain.headers["x-ratelimit-remaining-requests"] == "99")
        #expect(plain.headers["ratelimit-policy"]?.contains("\"rpm\";q=600;w=60") == true)
        let streamed = try await server.chat(
          ChatCompletionTests.chat([
            "stream": true, "max_tokens": 3, "stream_options": ["include_usage": true],
            // What a proxy asks for itself stands beside it.
          ]), headers: ["x-api-key: \(key.text)", "Authorization: Basic YTpi"])
        let usage = try JSONValue.parse(streamed.events[streamed.events.count - 2])["usage"]
        // The rows are there as soon as the client has its answers.
        let rows = try store.usageRows(month: month())
        #expect(rows.count == 2)
        for (row, (usage, id)) in zip(
          rows,
          [
            (usage, streamed.headers["x-request-id"]),
            (try plain.json["usage"], plain.headers["x-request-id"]),
          ])
        {
          #expect(row.status == .completed)
          #expect(row.httpStatus == 200)
          #expect(row.key == key.record.id)
          #expect(row.kind == .chat)
          #expect(row.requestID.description == id)
          #expect(usage?["prompt_tokens"] == .integer(row.usage.promptTokens))
          #expect(usage?["completion_tokens"] == .integer(row.usage.completionTokens))
          #expect(row.firstTokenMicroseconds != nil)
        }
        #expect(rows.map(\.usage.completionTokens) == [3, 5])
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test(arguments: ["/v1/chat/completions", "/v1/completions"], [false, true])
  func whoAsksForItIsToldWhatARequestCosts(path: String, isStreamed: Bool) async throws {
    try await withMeter { meter, store in
      let model = try store.modelID(#require(ShortName("swift-1")))
      _ = try store.publishPrices(
        #require(Prices(input: 200_000, cachedInput: 50_000, output: 800_000)), model: model)
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        func usage(_ changes: JSONObject) async throws -> JSONValue? {
          var body: JSONObject = [
            "model": "swift-1", "prompt": "a b c", "stream": .bool(isStreamed),
            "messages": [["role": "user", "content": "a b c"]],
          ]
          body[path.contains("chat") ? "prompt" : "messages"] = nil
          for (key, value) in changes { body[key] = value }
          let answer = try await server.post(path, JSONValue.object(body).serialized())
          try #require(answer.status == 200)
          guard isStreamed else { return try answer.json["usage"] }
          return try JSONValue.parse(answer.events[answer.events.count - 2])["usage"]
        }
        #expect(try await usage([:])?["cost"] == nil)
        let told = try await usage(["usage": ["include": true]])
        let cost = try #require(try store.usageRows(month: month()).first).cost
        #expect(cost > .zero)
        #expect(told?["cost_eur"] == .string("\(cost)"))
        #expect(told?["cost"] == .number(Double(cost.rawValue) / 1e12))
        #expect(told?["completion_tokens"] == 5)
      }
    }
  }

  @Test func overTheLimitIsA429ThatSaysWhenToComeBack() async throws {
    try await withMeter(configure: { $0.clock = .still }) { meter, store in
      let limit = RateLimit(perMinute: 1, burst: 2)
      let key = try store.createKey(
        label: ShortName("test")!, role: .service, limits: LimitRule(requests: limit))
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        let bearer = ["Authorization: Bearer \(key.text)"]
        for _ in 0..<2 {
          #expect(try await server.chat(ChatCompletionTests.chat, headers: bearer).status == 200)
        }
        let answer = try await server.chat(ChatCompletionTests.chat, headers: bearer)
        #expect(answer.status == 429)
        #expect(try answer.errorCode == "rate_limit_exceeded")
        #expect(try answer.json["error"]?["type"] == "requests")
        #expect(try answer.json["error"]?["details"]?["policy"] == "rpm")
        #expect(answer.headers["x-should-retry"] == "true")
        #expect(
          answer.headers["retry-after"].flatMap { Int($0) }.map { (1...60).contains($0) } == true)
        #expect(answer.headers["retry-after-ms"].flatMap { Int($0) } != nil)
        #expect(answer.headers["x-ratelimit-remaining-requests"] == "0")
        // Two minutes until all is there again, and one at most until the next request is.
        #expect(
          answer.headers["x-ratelimit-reset-requests"]?.hasPrefix("1m") == true
            || answer.headers["x-ratelimit-reset-requests"] == "2m0s")
        let wait = try #require(answer.headers["retry-after"])
        #expect(answer.headers["ratelimit"] == "\"rpm\";r=0;t=\(wait)")
        #expect(try store.usageRows(month: month()).count == 2)
      }
    }
  }

  @Test func withoutAnyKeyThisMachineIsCountedAsNobody() async throws {
    try await withMeter { meter, store in
      try await RunningServer.serving(meter: meter) { server in
        #expect(try await server.chat(ChatCompletionTests.chat).status == 200)
        let row = try #require(try store.usageRows(month: month()).first)
        #expect(row.key == .local)
        #expect(row.usage.completionTokens == 5)
      }
    }
  }

  @Test(arguments: [
    (FakeEngine.Behaviour.fail, RequestStatus.failed, 500 as Int64), (.stop, .failed, 503),
    (.refuse, .rejected, 503), (.breaks(.overloaded(queueLimit: 1)), .rejected, 503),
    (.breaks(.answerTooShort(needed: 9, allowed: 1)), .rejected, 400),
  ])
  func whatTheServerSpoilsIsRecordedAndNotCharged(
    behaviour: FakeEngine.Behaviour, status: RequestStatus, httpStatus: Int64
  ) async throws {
    try await withMeter { meter, store in
      try await RunningServer.serving(FakeEngine(["a", "b"], behaviour), meter: meter) { server in
        let answer = try await server.chat(ChatCompletionTests.chat)
        #expect(answer.status == Int(httpStatus))
        let row = try #require(try store.usageRows(month: month()).first)
        #expect(row.status == status)
        #expect(row.httpStatus == httpStatus)
        #expect(!row.isBillable)
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test(arguments: [
    (FakeEngine.Behaviour.fail, RequestStatus.failed), (.stop, .failed),
    (.breaks(.answerTooShort(needed: 9, allowed: 1)), .rejected),
  ])
  func aStreamThatFailsIsRecordedWithTheStatusOfItsHead(
    behaviour: FakeEngine.Behaviour, status: RequestStatus
  ) async throws {
    try await withMeter { meter, store in
      try await RunningServer.serving(FakeEngine(["a", "b"], behaviour), meter: meter) { server in
        let answer = try await server.chat(ChatCompletionTests.chat(["stream": true]))
        #expect(answer.status == 200)
        #expect(!answer.events.contains("[DONE]"))
        let row = try #require(try store.usageRows(month: month()).first)
        #expect(row.status == status)
        #expect(row.httpStatus == 200)
        #expect(!row.isBillable)
      }
    }
  }

  @Test(arguments: [true, false])
  func aClientThatLeavesCancelsItsAnswerAndPaysForWhatWasMade(isStreamed: Bool) async throws {
    let engine = FakeEngine(["one", "two"], .hangAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(engine, meter: meter) { server in
        let request = server.request(
          "/v1/chat/completions",
          ChatCompletionTests.chat(["stream": .bool(isStreamed)]).serialized())
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(request)
          for await _ in engine.hangs { break }
        }
        for await _ in engine.cancellations { break }
        while meter.outstanding > 0 { await Task.yield() }
        #expect(!server.log.text.contains("internal error"))
      }
      // The server has ended, so its last record is written.
      let row = try #require(try store.usageRows(month: month()).first)
      #expect(row.status == .cancelled)
      #expect(row.isBillable)
      #expect(row.usage.completionTokens == 1)
    }
  }

  @Test func aRevokedKeyEndsItsRunningAnswers() async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: ShortName("test")!, role: .service, limits: nil)
      meter.refreshKeys()
      let pieces = (0..<400).map { "\($0) " }
      let engine = FakeEngine(pieces) { index in
        if index == 200 {
          _ = try? store.revokeKey(key.record.name)
          meter.refreshKeys()
        }
      }
      try await RunningServer.serving(engine, meter: meter) { server in
        let answer = try await server.chat(
          ChatCompletionTests.chat(["stream": true]),
          headers: ["Authorization: Bearer \(key.text)"])
        #expect(!answer.events.contains("[DONE]"))
        #expect(
          try JSONValue.parse(answer.events.last ?? "")["error"]?["code"] == "invalid_api_key")
        let row = try #require(try store.usageRows(month: month()).first)
        #expect(row.status == .cancelled)
        #expect(row.httpStatus == 200)
      }
    }
  }
}
