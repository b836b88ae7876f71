// A client may leave at any moment: within its request, before the first word, at any word, before the
// end is told. Whatever it does, a request that was admitted leaves one row, and nothing stays reserved.

import APIServer
import Dispatch
import JSON
import Metering
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct DisconnectTests {
  private static let streamed = [
    "HTTP/1.1 200", "x-request-id", "\r\n\r\n", "assistant", "Swifts", "sleep",
    "finish_reason\":\"stop",
    "[DONE]",
  ]
  private static let whole = ["HTTP/1.1 200", "x-request-id", "\r\n\r\n", "Swifts", "total_tokens"]

  @Test(arguments: [true, false])
  func wheneverAClientLeavesThereIsOneRowAndNothingStaysReserved(isStreamed: Bool) async throws {
    try await withMeter { meter, store in
      let model = try store.modelID(#require(ShortName("swift-1")))
      _ = try store.publishPrices(#require(Prices(input: 3, output: 7)), model: model)
      let key = try store.createKey(label: #require(ShortName("test")), limits: LimitRule())
      try store.setLimits(
        LimitRule(tokens: LimitRule.tokenLimit(perMinute: 1_000_000), parallel: 50),
        for: .account(key.record.account))
      meter.refreshKeys()
      let marks = isStreamed ? Self.streamed : Self.whole
      let engine = FakeEngine(["Swifts", " sleep", " in", " the", " air", "."])
      let places = [nil] + marks.map(Optional.some)
      let sent = 3 * places.count + 1
      try await RunningServer.serving(engine, meter: meter) { server in
        let request = server.request(
          "/v1/chat/completions",
          ChatCompletionTests.chat(["stream": .bool(isStreamed)]).serialized(),
          headers: ["Authorization: Bearer \(key.text)"])
        // Within the request: nobody has asked for anything yet.
        for count in stride(from: 1, to: request.utf8.count, by: 11) {
          try await RawConnection.open(port: server.port) { exchange in
            try await exchange.send(bytes: Array(request.utf8.prefix(count)))
          }
        }
        // Behind it, and at each place of the answer.
        for mark in places {
          for _ in 0..<3 {
            try await RawConnection.open(port: server.port) { exchange in
              try await exchange.send(request)
              if let mark { _ = try await exchange.read(until: mark) }
            }
          }
        }
        // One more whole answer: what came before holds nobody up.
        let last = try await server.chat(
          ChatCompletionTests.chat, headers: ["Authorization: Bearer \(key.text)"])
        #expect(last.status == 200)
        while meter.outstanding > 0 { await Task.yield() }
        #expect(meter.spending(of: .account(key.record.account)).reserved == .zero)
        #expect(!server.log.text.contains("internal error"))
      }
      let month = UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
      let rows = try store.usageRows(month: month, limit: 1000)
      // Whoever left before the request was read whole may have been missed; who read a word was not.
      #expect(rows.count <= sent && rows.count >= sent - 3)
      #expect(rows.allSatisfy { $0.status == .completed || $0.status == .cancelled })
      #expect(rows.allSatisfy { $0.isBillable && $0.usage.completionTokens <= 6 })
      #expect(
        rows.allSatisfy {
          $0.cost.rawValue
            == 3 * ($0.usage.promptTokens) + 7 * $0.usage.completionTokens
        })
      let (events, rollups) = try store.sums(month: month)
      #expect(events == rollups)
      let spent = meter.spending(of: .account(key.record.account)).spent.rawValue
      #expect(spent == rows.map(\.cost.rawValue).reduce(0, +))
    }
  }

  @Test(arguments: [true, false])
  func whoClosesItsSideAndReadsGetsItsAnswer(isStreamed: Bool) async throws {
    let engine = FakeEngine(["Swifts", " sleep."], .pauseAfterFirst)
    try await RunningServer.serving(engine, configure: Self.asksOften) { server in
      let text = try await Self.closingItsSide(of: server, engine, isStreamed: isStreamed) {
        engine.resume()
        return try await $0.read(until: "only the end of the connection")
      }
      let (answer, _) = try #require(HTTPAnswer.parse(text, isClosed: true))
      #expect(answer.status == 200)
      let words =
        isStreamed
        ? try answer.streamedText
        : try answer.json["choices"]?[0]?["message"]?["content"]?.stringValue
      #expect(words == "Swifts sleep.")
      if isStreamed { #expect(answer.body.hasSuffix("data: [DONE]\n\n")) }
    }
  }

  @Test(arguments: [true, false])
  func whoClosesItsSideAndThenGoesIsNoticed(isStreamed: Bool) async throws {
    let engine = FakeEngine(["Swifts", " sleep."], .hangAfterFirst)
    try await RunningServer.serving(engine, configure: Self.asksOften) { server in
      try await Self.closingItsSide(of: server, engine, isStreamed: isStreamed) { _ in }
      for await _ in engine.cancellations { break }
    }
  }

  private static func asksOften(_ configuration: inout Server.Configuration) {
    configuration.limits.keepAliveInterval = .milliseconds(10)
  }

  /// Asks, closes the client's side while the engine rests, and calls `body` when the server has seen that
  /// and has asked whether anybody reads. Then the connection is closed.
  private static func closingItsSide<Result: Sendable>(
    of server: RunningServer, _ engine: FakeEngine, isStreamed: Bool,
    _ body: @Sendable (inout RawExchange) async throws -> Result
  ) async throws -> Result {
    let request = server.request(
      "/v1/chat/completions", ChatCompletionTests.chat(["stream": .bool(isStreamed)]).serialized())
    return try await RawConnection.open(port: server.port) { exchange in
      try await exchange.send(request)
      for await _ in engine.hangs { break }
      exchange.halfClose()
      let probe = isStreamed ? ": still working\n\n" : "HTTP/1.1 100 Continue\r\n\r\n"
      _ = try await exchange.read(until: probe)
      return try await body(&exchange)
    }
  }

  @Test(arguments: [true, false])
  func whoResetsItsConnectionBeforeTheHeadIsGone(isShared: Bool) async throws {
    try await withMeter { meter, store in
      let log = try await Self.holdingUpCompiling(meter) { server, compiling, goOn in
        let request = Self.constrained(server, isShared: isShared)
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(request)
          for await _ in compiling { break }
          try await exchange.resetAtEnd()
        }
        // The one that asks for this.
        try await server.waits(for: "connections", 1)
        goOn()
      }
      let lines = log.components(by: "\n").filter { $0.contains("route=/v1/chat/completions") }
      #expect(lines.count == 1)
      #expect(lines.allSatisfy { $0.contains("status=499") && $0.contains("code=client_gone") })
      let rows = try store.newestRows()
      #expect(rows.map(\.status) == [.cancelled])
      #expect(rows.map(\.httpStatus) == [499])
    }
  }

  @Test func whoJoinsAndResetsItsConnectionBeforeTheHeadIsGone() async throws {
    try await withMeter { meter, store in
      let log = try await Self.holdingUpCompiling(meter) { server, compiling, goOn in
        let request = Self.constrained(server, isShared: true)
        async let first = RawConnection.send(request, port: server.port)
        for await _ in compiling { break }
        try await RawConnection.open(port: server.port) { second in
          try await second.send(request)
          try await server.waits(for: "requests_joined_total", 1)
          try await second.resetAtEnd()
        }
        // The first one's, and the one that asks for this.
        try await server.waits(for: "connections", 2)
        goOn()
        #expect(try await first.streamedText == "{}")
      }
      let lines = log.components(by: "\n").filter { $0.contains("route=/v1/chat/completions") }
      let joined = lines.filter { $0.contains("joined=true") }
      #expect(lines.count == 2 && joined.count == 1)
      #expect(joined.allSatisfy { $0.contains("status=499") && $0.contains("code=client_gone") })
      #expect(try store.newestRows().map(\.status) == [.completed])
    }
  }

  /// A request for a stream for which something has to be compiled.
  private static func constrained(_ server: RunningServer, isShared: Bool) -> String {
    server.request(
      "/v1/chat/completions",
      ChatCompletionTests.chat([
        "stream": true, "response_format": ["type": "json_object"],
      ]).serialized(),
      headers: isShared ? SharedAnswerTests.key : [])
  }

  /// Runs a server that compiles nothing until `goOn` is called, and gives what it logged until its end.
  private static func holdingUpCompiling(
    _ meter: Meter,
    _ test:
      @escaping @Sendable (
        RunningServer, _ compiling: AsyncStream<Void>, _ goOn: @escaping @Sendable () -> Void
      ) async throws -> Void
  ) async throws -> String {
    let gate = DispatchSemaphore(value: 0)
    let (compiling, begun) = AsyncStream<Void>.makeStream()
    let engine = FakeEngine(
      ["{}"],
      beforeCompiling: {
        begun.yield()
        gate.wait()
      })
    let log = Mutex<LogCapture?>(nil)
    try await RunningServer.serving(
      engine, meter: meter,
      configure: {
        $0.showsMetrics = true
        $0.limits.reconnectDuration = .zero
      }
    ) { server in
      defer { gate.signal() }
      log.withLock { $0 = server.log }
      try await test(server, compiling) { gate.signal() }
    }
    return log.withLock { $0?.text ?? "" }
  }

  @Test("Clients of HTTP/1.0 know no interim answers, and are gone")
  func oldClientsAreGone() async throws {
    let engine = FakeEngine(["Swifts", " sleep."], .hangAfterFirst)
    try await RunningServer.serving(engine) { server in
      let request = server.request("/v1/chat/completions", ChatCompletionTests.chat.serialized())
        .replacing("HTTP/1.1", with: "HTTP/1.0")
      let text = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(request)
        for await _ in engine.hangs { break }
        exchange.halfClose()
        for await _ in engine.cancellations { break }
        return try await exchange.read(until: "only the end of the connection")
      }
      #expect(!text.contains("100 Continue"))
    }
  }
}
