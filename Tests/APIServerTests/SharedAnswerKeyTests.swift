// Whose `Idempotency-Key` it is: keys of one account share an answer as far as each may have it, and keys of
// others know nothing of it.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(10))) struct SharedAnswerKeyTests {
  @Test func holdersOfOtherKeysDoNotJoin() async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      var headers: [[String]] = []
      for label in ["lab", "other"] {
        let account = try store.createAccount(#require(ShortName(label)))
        try store.setState(.active, of: account)
        let key = try store.createKey(label: #require(ShortName(label)), account: account)
        headers.append(["Authorization: Bearer \(key.text)"] + SharedAnswerTests.key)
      }
      meter.refreshKeys()
      let made = headers
      try await RunningServer.serving(engine, meter: meter) { server in
        async let first = server.chat(ChatCompletionTests.chat, headers: made[0])
        async let second = server.chat(ChatCompletionTests.chat, headers: made[1])
        var count = 0
        for await _ in engine.hangs {
          count += 1
          if count == 2 { break }
        }
        engine.resume()
        let answers = try await [first, second]
        #expect(answers.allSatisfy { $0.status == 200 && $0.headers["idempotent-replayed"] == nil })
        #expect(try Set(store.newestRows().map(\.account)).count == 2)
      }
    }
  }

  /// Three keys of one account: two that may use everything, one that is confined to another model.
  private func keysOfOneAccount(
    _ meter: Meter, _ store: UsageStore
  ) throws -> (keys: [NewKey], headers: [[String]]) {
    let keys = try ["first", "second", "confined"].map {
      try store.createKey(label: #require(ShortName($0)))
    }
    try store.setModels(
      [store.modelID(#require(ShortName("another")))], for: keys[2].record.name)
    meter.refreshKeys()
    return (keys, keys.map { ["Authorization: Bearer \($0.text)"] + SharedAnswerTests.key })
  }

  @Test(arguments: [true, false])
  func keysOfOneAccountJoinWhereTheyMayAndTheFirstOnePays(isStreamed: Bool) async throws {
    let engine = FakeEngine(["one", "two"], .pauseAfterFirst)
    try await withMeter { meter, store in
      let (keys, headers) = try keysOfOneAccount(meter, store)
      try await RunningServer.serving(engine, meter: meter, configure: { $0.showsMetrics = true }) {
        server in
        let body = ChatCompletionTests.chat(["stream": .bool(isStreamed)])
        async let first = server.chat(body, headers: headers[0])
        for await _ in engine.hangs { break }
        async let second = server.chat(body, headers: headers[1])
        async let third = server.chat(body, headers: headers[2])
        try await server.waits(for: "requests_joined_total", 2)
        engine.resume()
        let answers = try await [first, second, third]
        #expect(answers.map(\.status) == [200, 200, 404])
        #expect(answers[1].body == answers[0].body)
        #expect(answers.map { $0.headers["idempotent-replayed"] } == [nil, "true", nil])
        #expect(try answers[2].errorCode == "model_not_found")
        // Nobody is shown what another key has left.
        #expect(
          answers.map { $0.headers["x-ratelimit-remaining-requests"] } == ["99", nil, nil])
        #expect(try store.newestRows().map(\.key) == [keys[0].record.id])
        #expect(engine.startCount == 1)
      }
    }
  }

  @Test func whatAnotherKeyIsRefusedIsNoAnswerForThisOne() async throws {
    let engine = FakeEngine(["one", "two", "three"], .pauseAfterFirst)
    try await withMeter { meter, store in
      let (keys, headers) = try keysOfOneAccount(meter, store)
      try await RunningServer.serving(engine, meter: meter, configure: { $0.showsMetrics = true }) {
        server in
        async let first = server.chat(ChatCompletionTests.chat, headers: headers[0])
        for await _ in engine.hangs { break }
        async let second = server.chat(ChatCompletionTests.chat, headers: headers[1])
        try await server.waits(for: "requests_joined_total", 1)
        try store.revokeKey(keys[0].record.name)
        meter.refreshKeys()
        engine.resume()
        #expect(try await first.status == 401)
        let answer = try await second
        #expect(answer.status == 200)
        #expect(answer.headers["idempotent-replayed"] == nil)
        #expect(answer.headers["x-ratelimit-remaining-requests"] == "99")
        let rows = try store.newestRows()
        #expect(rows.map(\.key) == [keys[1].record.id, keys[0].record.id])
        #expect(rows.map(\.status) == [.completed, .cancelled])
      }
    }
  }
}
