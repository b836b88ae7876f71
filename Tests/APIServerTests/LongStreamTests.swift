// Streams over time: silence, readers that do not read, and a server that is told to stop.

import APIServer
import JSON
import NIOCore
import Testing

@Suite struct LongStreamTests {
  private let streamed = ChatCompletionTests.chat(["stream": true])

  @Test func aSilentStreamIsKeptAliveByComments() async throws {
    let engine = FakeEngine(["one", "two"], .hangAfterFirst)
    try await RunningServer.serving(
      engine, configure: { $0.limits.keepAliveInterval = .milliseconds(10) }
    ) { server in
      let request = server.request("/v1/chat/completions", streamed.serialized())
      let text = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(request)
        return try await exchange.read(until: ": still working\n\n")
      }
      #expect(text.contains(": still working\n\n"))
      for await _ in engine.cancellations { break }
    }
  }

  @Test func aReaderWhoDoesNotReadLosesItsConnection() async throws {
    // More than the buffers on the way hold, and then nothing until the answer is cancelled.
    let engine = FakeEngine([String(repeating: "x", count: 1 << 25), "end"], .hangAfterFirst)
    try await RunningServer.serving(
      engine,
      configure: {
        $0.limits.stallDuration = .milliseconds(50)
        $0.limits.streamBytes = 1 << 30
      }
    ) { server in
      let request = server.request("/v1/chat/completions", streamed.serialized())
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(request)
        for await _ in engine.cancellations { break }
      }
      #expect(try await server.get("/health").status == 200)
    }
  }

  /// More than the buffers on the way hold.
  private static let large = String(repeating: "x", count: 1 << 25)

  /// The same where several may wait for the answer, which is kept for them.
  @Test(.timeLimit(.minutes(5)), arguments: [false, true])
  func aReaderWhoIsTooSlowLosesItsConnectionAndPaysForWhatWasMade(isShared: Bool) async throws {
    // Nothing is read behind the beginning before the answer is over, which is far from its end.
    let pieces = [Self.large] + Array(repeating: Self.piece, count: 100_000)
    let engine = FakeEngine(pieces, .pauseAfterFirst, contextLength: 1 << 17)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter,
        configure: {
          $0.limits.streamBytes = 1 << 16
          $0.limits.reconnectDuration = .zero
        }
      ) { server in
        let request = server.request(
          "/v1/chat/completions", streamed.serialized(),
          headers: isShared ? SharedAnswerTests.key : [])
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(request)
          _ = try await exchange.read(until: "xxx")
          engine.resume()
          while meter.outstanding > 0 { await Task.yield() }
          try await exchange.waitForClose()
        }
      }
      let row = try #require(try store.newestRows().first)
      #expect(row.status == .cancelled)
      #expect(row.isBillable)
      #expect((2..<Int64(pieces.count)).contains(row.usage.completionTokens), "\(row.usage)")
    }
  }

  /// What comes at once says nothing of how fast a client reads.
  @Test(.timeLimit(.minutes(5)), arguments: [false, true])
  func aReaderIsNotCutOffForOneLargePiece(isShared: Bool) async throws {
    // The small pieces are being written when the last one comes.
    let pieces = [Self.large] + Array(repeating: "y", count: 100) + [Self.large]
    let engine = FakeEngine(pieces, .pauseAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(
        engine, meter: meter, configure: { $0.limits.streamBytes = 1 << 16 }
      ) { server in
        let request = server.request(
          "/v1/chat/completions", streamed.serialized(),
          headers: isShared ? SharedAnswerTests.key : [])
        let end = try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(request)
          _ = try await exchange.read(until: "xxx")
          engine.resume()
          while meter.outstanding > 0 { await Task.yield() }
          var end = ""
          while !end.contains("[DONE]"), let more = try await exchange.iterator.next() {
            end = String(end.suffix(16)) + String(buffer: more)
          }
          return end
        }
        #expect(end.contains("[DONE]"))
      }
      #expect(try store.newestRows().first?.status == .completed)
    }
  }

  private static let piece = String(repeating: "y", count: 1024)

  @Test func aReaderWhoKeepsUpIsNotCutOffHoweverMuchComes() async throws {
    let engine = FakeEngine(
      Array(repeating: Self.piece, count: 1000), .giveWay, contextLength: 4096)
    try await RunningServer.serving(engine, configure: { $0.limits.streamBytes = 1 << 19 }) {
      server in
      let answer = try await server.chat(streamed)
      #expect(answer.events.last == "[DONE]")
    }
  }

  @Test func aServerThatIsToldToStopFinishesItsAnswers() async throws {
    let stopping = AsyncStream<Void>.makeStream()
    let engine = FakeEngine(["one ", "two ", "three"]) { index in
      if index == 1 { stopping.continuation.yield() }
    }
    try await RunningServer.serving(engine) { server in
      async let answer = server.chat(streamed)
      for await _ in stopping.stream { break }
      await server.service.triggerGracefulShutdown()
      let complete = try await answer
      #expect(try complete.streamedText == "one two three")
      #expect(complete.events.last == "[DONE]")
    }
  }

  @Test func manyClientsAtOnceGetTheirOwnAnswers() async throws {
    let pieces = (0..<100).map { "\($0) " }
    try await RunningServer.serving(FakeEngine(pieces)) { server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for count in 1...64 {
          group.addTask {
            let answer = try await server.chat(
              ChatCompletionTests.chat(["stream": true, "max_tokens": .integer(Int64(count))]))
            #expect(try answer.streamedText == pieces.prefix(count).joined())
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
