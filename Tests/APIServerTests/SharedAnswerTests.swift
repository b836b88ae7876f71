// `Idempotency-Key`: who sends a request again while it runs gets its answer, which is paid for once.

import APIServer
import JSON
import Metering
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct SharedAnswerTests {
  static let key = ["Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"]

  private static let places: [(path: String, body: String)] = [
    ("/v1/chat/completions", ChatCompletionTests.chat.serialized()),
    ("/v1/chat/completions", ChatCompletionTests.chat(["stream": true, "n": 2]).serialized()),
    ("/v1/completions", "{\"model\":\"swift-1\",\"prompt\":\"a b\",\"stream\":true}"),
    ("/v1/responses", "{\"model\":\"swift-1\",\"input\":\"a b\",\"stream\":true}"),
    ("/v1/messages", MessagesTests.request(["stream": true])),
    ("/v1/messages", MessagesTests.request([:])),
  ]

  /// Settings under which the work goes on for so long without anybody.
  private static func patience(
    _ duration: Duration
  ) -> @Sendable (inout Server.Configuration) -> Void {
    { configuration in
      configuration.showsMetrics = true
      configuration.limits.reconnectDuration = duration
    }
  }

  @Test(arguments: places)
  func whoeverJoinsARequestThatRunsGetsItsAnswerAndOneIsCharged(
    place: (path: String, body: String)
  ) async throws {
    let engine = FakeEngine(["Swifts", " sleep", "."], .pauseAfterFirst)
    try await withMeter { meter, store in
      // Answers are compared byte by byte: no words in between that keep a connection alive.
      let configure: @Sendable (inout Server.Configuration) -> Void = {
        $0.showsMetrics = true
        $0.limits.keepAliveInterval = .seconds(3600)
      }
      try await RunningServer.serving(engine, meter: meter, configure: configure) { server in
        async let first = server.post(place.path, place.body, headers: Self.key)
        for await _ in engine.hangs { break }
        async let second = server.post(place.path, place.body, headers: Self.key)
        async let third = server.post(place.path, place.body, headers: Self.key)
        try await server.waits(for: "requests_joined_total", 2)
        engine.resume()
        let answers = try await [first, second, third]
        for answer in answers {
          #expect(answer.status == 200)
          #expect(answer.body == answers[0].body && !answer.body.isEmpty)
          for name in ["x-request-id", "content-type", "x-ai-generated", "content-length"] {
            #expect(answer.headers[name] == answers[0].headers[name])
          }
        }
        #expect(answers.map { $0.headers["idempotent-replayed"] } == [nil, "true", "true"])
        let all = try store.newestRows()
        #expect(all.count == 1)
        #expect(all.first?.requestID.description == answers[0].headers["x-request-id"])
        #expect(all.first?.status == .completed)
        #expect(server.log.text.components(by: "joined=true").count == 3)
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test func theWorkGoesOnForOthersWhenTheFirstClientLeaves() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter,
        configure: Self.patience(.zero)
      ) { server in
        let body = ChatCompletionTests.chat(["stream": true]).serialized()
        let request = server.request("/v1/chat/completions", body, headers: Self.key)
        let joined = try await RawConnection.open(port: server.port) { first in
          try await first.send(request)
          for await _ in engine.hangs { break }
          let joined = Task {
            try await server.post("/v1/chat/completions", body, headers: Self.key)
          }
          try await server.waits(for: "requests_joined_total", 1)
          return joined
        }
        // The other one's, and the one that asks for this.
        try await server.waits(for: "connections", 2)
        engine.resume()
        let answer = try await joined.value
        #expect(try answer.streamedText == "onetwo")
        #expect(answer.events.last == "[DONE]")
        #expect(try store.newestRows().map(\.status) == [.completed])
      }
    }
  }

  @Test(arguments: [true, false])
  func whoComesBackInTimeFindsItsAnswerAndPaysOnce(isStreamed: Bool) async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter,
        configure: Self.patience(.seconds(3600))
      ) { server in
        let body = ChatCompletionTests.chat(["stream": .bool(isStreamed)]).serialized()
        let request = server.request("/v1/chat/completions", body, headers: Self.key)
        try await RawConnection.open(port: server.port) { first in
          try await first.send(request)
          for await _ in engine.hangs { break }
        }
        // A client that leaves before it was told anything has closed its own half alone.
        if isStreamed { try await server.waits(for: "connections", 1) }
        async let again = server.post("/v1/chat/completions", body, headers: Self.key)
        try await server.waits(for: "requests_joined_total", 1)
        engine.resume()
        let answer = try await again
        #expect(answer.status == 200)
        #expect(answer.body.contains("two"))
      }
      #expect(engine.startCount == 1)
      #expect(try store.newestRows().map(\.status) == [.completed])
    }
  }

  @Test func whenAllHaveLeftTheWorkEnds() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter,
        configure: Self.patience(.zero)
      ) { server in
        let request = server.request(
          "/v1/chat/completions", ChatCompletionTests.chat.serialized(), headers: Self.key)
        try await RawConnection.open(port: server.port) { first in
          try await first.send(request)
          for await _ in engine.hangs { break }
          try await RawConnection.open(port: server.port) { second in
            try await second.send(request)
            try await server.waits(for: "requests_joined_total", 1)
          }
        }
        for await _ in engine.cancellations { break }
        while meter.outstanding > 0 { await Task.yield() }
        // It is over, so who comes now does not share it.
        engine.resume()
        let body = ChatCompletionTests.chat.serialized()
        let answer = try await server.post("/v1/chat/completions", body, headers: Self.key)
        #expect(answer.status == 200)
        #expect(answer.headers["idempotent-replayed"] == nil)
      }
      #expect(Set(try store.newestRows().map(\.status)) == [.cancelled, .completed])
    }
  }

  @Test func anotherBodyIsRefusedAndTheSameRunsAgainAfterTheEnd() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(engine, meter: meter) { server in
        let other = ChatCompletionTests.chat(["seed": 7])
        func refuses(_ path: String, _ body: JSONValue) async throws {
          let answer = try await server.post(path, body.serialized(), headers: Self.key)
          #expect(answer.status == 422)
          #expect(try answer.errorCode == "idempotency_key_reused")
          #expect(answer.headers["x-should-retry"] == "false")
        }
        async let first = server.chat(ChatCompletionTests.chat, headers: Self.key)
        for await _ in engine.hangs { break }
        try await refuses("/v1/chat/completions", other)
        engine.resume()
        #expect(try await first.status == 200)
        try await refuses("/v1/chat/completions", other)
        try await refuses("/v1/responses", ChatCompletionTests.chat)
        let again = try await server.chat(ChatCompletionTests.chat, headers: Self.key)
        #expect(again.status == 200)
        #expect(again.headers["idempotent-replayed"] == nil)
        #expect(try store.newestRows().count == 2)
      }
    }
  }

  @Test func aRefusedRequestLeavesItsKeyFree() async throws {
    try await RunningServer.serving { server in
      let wrong = ChatCompletionTests.chat(["temperature": 9])
      for _ in 0..<2 {
        #expect(try await server.chat(wrong, headers: Self.key).status == 400)
      }
      #expect(try await server.chat(ChatCompletionTests.chat, headers: Self.key).status == 200)
      for text in ["", String(repeating: "k", count: 256)] {
        let answer = try await server.chat(
          ChatCompletionTests.chat, headers: ["Idempotency-Key: \(text)"])
        #expect(answer.status == 400)
        #expect(try answer.errorCode == "invalid_idempotency_key")
      }
    }
  }

  @Test(arguments: [FakeEngine.Behaviour.fail, .refuse])
  func whatFailsFailsForAllAndIsTriedAgain(behaviour: FakeEngine.Behaviour) async throws {
    let engine = FakeEngine(["a", "b"], behaviour)
    try await withMeter { meter, store in
      try await RunningServer.serving(engine, meter: meter) { server in
        for _ in 0..<2 {
          let answer = try await server.chat(ChatCompletionTests.chat, headers: Self.key)
          #expect(answer.status >= 500)
        }
        #expect(try store.newestRows().allSatisfy { !$0.isBillable })
        #expect(engine.startCount == 2)
      }
    }
  }

  @Test func aServerThatStopsEndsWhatNobodyWaitsFor() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter,
        configure: {
          $0.limits.reconnectDuration = .seconds(60)
          $0.drainDuration = .milliseconds(50)
        }
      ) { server in
        let request = server.request(
          "/v1/chat/completions", ChatCompletionTests.chat.serialized(), headers: Self.key)
        try await RawConnection.open(port: server.port) { first in
          try await first.send(request)
          for await _ in engine.hangs { break }
        }
      }
      #expect(meter.outstanding == 0)
      #expect(try store.newestRows().map(\.status) == [.cancelled])
    }
  }

  @Test func vectorsRememberTheirKeyToo() async throws {
    try await RunningServer.serving { server in
      let body = "{\"model\":\"swift-1\",\"input\":\"a b\"}"
      let first = try await server.post("/v1/embeddings", body, headers: Self.key)
      #expect(first.status == 200)
      let other = try await server.post(
        "/v1/embeddings", "{\"model\":\"swift-1\",\"input\":\"a c\"}", headers: Self.key)
      #expect(other.status == 422)
    }
  }

  /// The head of a stream says that all is well, and its end that it is not.
  @Test(arguments: [(FakeEngine.Behaviour.fail, 200), (.answer, 422)])
  func aStreamThatFailedLeavesItsKeyFree(
    behaviour: FakeEngine.Behaviour, status: Int
  ) async throws {
    try await withMeter { meter, _ in
      try await RunningServer.serving(FakeEngine(["one", "two"], behaviour), meter: meter) {
        server in
        let first = try await server.chat(
          ChatCompletionTests.chat(["stream": true]), headers: Self.key)
        #expect(first.status == 200)
        #expect((first.events.last == "[DONE]") == (status == 422))
        let other = try await server.chat(
          ChatCompletionTests.chat(["stream": true, "seed": 1]), headers: Self.key)
        #expect(other.status == status)
      }
    }
  }
}
