// What is counted of recordings that wait, and what they may cost.

import APIServer
import Metering
import Testing
import Transformer

@Suite(.timeLimit(.minutes(5))) struct TranscriptionLeaseTests {
  @Test func aRecordingThatWaitsCountsAmongThoseThatRun() async throws {
    let transcriber = FakeTranscriber(.hangAfterFirst)
    try await withMeter { meter, store in
      let key = try store.createKey(
        label: ShortName("test")!, role: .service, limits: LimitRule(parallel: 2))
      let other = try store.createKey(label: ShortName("other")!, role: .service, limits: nil)
      meter.refreshKeys()
      try await RunningServer.hearing(transcriber, meter: meter) { server in
        func headers(_ key: NewKey) -> [String] { ["Authorization: Bearer \(key.text)"] }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for key in [other, key, key] {
            tasks.addTask { _ = try? await server.transcribe(headers: headers(key)) }
          }
          // One has the model, and both of the key wait or have it.
          while meter.outstanding < 3 { await Task.yield() }
          let refused = try await server.transcribe(headers: headers(key))
          #expect(refused.status == 429)
          #expect(try refused.errorCode == "rate_limit_exceeded")
          tasks.cancelAll()
        }
        while meter.outstanding > 0 { await Task.yield() }
      }
    }
  }

  @Test func soundThatNobodyCanPayForIsRefused() async throws {
    try await withMeter { meter, store in
      let model = try store.modelID(#require(ShortName("whisper-1")))
      _ = try store.publishPrices(
        #require(Prices(input: 0, output: 0, audioMillisecond: 1_000)), model: model)
      let key = try store.createKey(label: ShortName("test")!, role: .service, limits: nil)
      try store.setBudget(
        Budget(hard: PicoEuro(rawValue: 2_000_000)), for: .key(key.record.id))
      meter.refreshKeys()
      try await RunningServer.hearing(meter: meter) { server in
        let headers = ["Authorization: Bearer \(key.text)"]
        let long = try await server.transcribe(headers: headers)
        #expect(long.status == 429)
        let short = try await server.transcribe(
          file: Recording.wav(milliseconds: 1900), headers: headers)
        #expect(short.status == 200)
        let statuses = try store.newestRows().map(\.status)
        #expect(
          statuses.count == 2 && statuses.contains(.completed) && statuses.contains(.rejected))
        #expect(meter.spending(of: .key(key.record.id)).spent.rawValue == 1_900_000)
        #expect(meter.spending(of: .key(key.record.id)).reserved.rawValue == 0)
      }
    }
  }

  @Test func whoFillsTheQueueMakesRoomForAnotherAccount() async throws {
    let transcriber = FakeTranscriber(.hangAfterFirst)
    try await withMeter { meter, store in
      let keys = try ["many", "one"].map { name in
        let label = try #require(ShortName(name))
        let account = try store.createAccount(label)
        try store.setState(.active, of: account)
        return try store.createKey(
          label: label, limits: LimitRule(parallel: 100), account: account)
      }
      meter.refreshKeys()
      try await RunningServer.hearing(transcriber, meter: meter) { server in
        try await withThrowingTaskGroup(of: (owner: Int, status: Int?).self) { tasks in
          @Sendable func send(_ owner: Int) async -> (owner: Int, status: Int?) {
            let headers = ["Authorization: Bearer \(keys[owner].text)"]
            return (owner, try? await server.transcribe(headers: headers).status)
          }
          // One has the model and 16 wait.
          for _ in 0..<17 { tasks.addTask { await send(0) } }
          while meter.outstanding < 17 { await Task.yield() }
          tasks.addTask { await send(1) }
          let refused = try await tasks.next()
          #expect(refused?.owner == 0 && refused?.status == 503)
          // The place is the other one's, who waits.
          while meter.outstanding != 17 { await Task.yield() }
          // Nobody makes room for who has more.
          tasks.addTask { await send(0) }
          let second = try await tasks.next()
          #expect(second?.owner == 0 && second?.status == 503)
          tasks.cancelAll()
        }
        while meter.outstanding > 0 { await Task.yield() }
      }
    }
  }
}
