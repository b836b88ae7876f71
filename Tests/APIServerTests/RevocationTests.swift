// Whoever loses a key loses what goes on for it, also where no token comes that would ask.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct RevocationTests {
  @Test(arguments: ["/v1/chat/completions", "/v1/embeddings"], [false, true])
  func workThatMakesNoTokensEndsWithItsKey(path: String, isSuspended: Bool) async throws {
    let engine = FakeEngine(["one", "two"], .hangAfterFirst)
    let body: JSONValue =
      path == "/v1/embeddings"
      ? ["model": "swift-1", "input": "a"] : ChatCompletionTests.chat(["stream": false])
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      meter.refreshKeys()
      try await RunningServer.serving(engine, meter: meter) { server async throws in
        async let answer = server.post(
          path, body.serialized(), headers: ["Authorization: Bearer \(key.text)"])
        for await _ in engine.hangs { break }
        if isSuspended {
          try store.suspend(key.record.account, reason: .security)
        } else {
          try store.revokeKey(key.record.name)
        }
        meter.refreshKeys()
        #expect(try await answer.status == 401)
        while meter.outstanding > 0 { await Task.yield() }
        #expect(try store.newestRows().map(\.status) == [.cancelled])
      }
    }
  }

  /// Work of other keys goes on.
  @Test func aKeyThatIsRevokedEndsNoOthersWork() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      let other = try store.createKey(label: #require(ShortName("other")))
      meter.refreshKeys()
      try await RunningServer.serving(engine, meter: meter) { server async throws in
        async let answer = server.chat(
          ChatCompletionTests.chat, headers: ["Authorization: Bearer \(key.text)"])
        for await _ in engine.hangs { break }
        try store.revokeKey(other.record.name)
        meter.refreshKeys()
        engine.resume()
        #expect(try await answer.status == 200)
      }
    }
  }

  /// Whoever reads another key's answer along is let go with their own key, and the answer goes on.
  @Test func whoReadsAlongIsLetGoWithTheirKey() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      let keys = try ["first", "second"].map {
        try store.createKey(label: #require(ShortName($0)))
      }
      meter.refreshKeys()
      let headers = keys.map { ["Authorization: Bearer \($0.text)"] + SharedAnswerTests.key }
      let body = ChatCompletionTests.chat(["stream": true])
      try await RunningServer.serving(engine, meter: meter) { server async throws in
        async let first = server.chat(body, headers: headers[0])
        for await _ in engine.hangs { break }
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(
            server.request("/v1/chat/completions", body.serialized(), headers: headers[1]))
          _ = try await exchange.read(until: "\"content\":\"one\"")
          try store.revokeKey(keys[1].record.name)
          meter.refreshKeys()
          try await exchange.waitForClose()
        }
        engine.resume()
        let answer = try await first
        #expect(answer.status == 200 && answer.events.contains("[DONE]"))
      }
    }
  }
}
