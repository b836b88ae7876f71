// The front door: keys, limits, rows on the disk.

import FoundationEssentials
import Metering
import Testing

@Suite struct MeterTests {
  @Test func withoutAnyKeyARequestNeedsNoneAndIsRecorded() async throws {
    let bench = try MeterBench()
    #expect(!bench.meter.hasKeys)
    let who = try bench.meter.authenticate(nil)
    #expect(who == .local)
    let lease = try bench.meter.admit(who, bench.request())
    let id = lease.requestID
    try await lease.opened()
    #expect(bench.meter.outstanding == 1)
    bench.clock.advance(.milliseconds(7))
    try await lease.settle(
      Settlement(
        usage: TokenUsage(
          promptTokens: 10, cachedPromptTokens: 4, completionTokens: 5, reasoningTokens: 2),
        status: .completed, httpStatus: 200, latency: .milliseconds(7),
        timeToFirstToken: .microseconds(2500)))
    #expect(bench.meter.outstanding == 0)
    let row = try #require(try bench.rows().first)
    #expect(row.requestID == id)
    #expect(row.key == .local)
    #expect(row.model == bench.model)
    #expect(row.kind == .chat)
    #expect(row.status == .completed)
    #expect(row.httpStatus == 200)
    #expect(row.isBillable)
    #expect(
      row.usage
        == TokenUsage(
          promptTokens: 10, cachedPromptTokens: 4, completionTokens: 5, reasoningTokens: 2))
    #expect(row.latencyMicroseconds == 7000)
    #expect(row.firstTokenMicroseconds == 2500)
    #expect(row.settledMilliseconds - row.startedMilliseconds == 7)
    try await bench.meter.close()
  }

  @Test func onceThereIsAKeyNothingElseIsLetIn() throws {
    let bench = try MeterBench()
    let key = try bench.key()
    #expect(bench.meter.hasKeys)
    let who = try bench.meter.authenticate(key.text)
    #expect(who.key == key.record.id)
    for wrong in [nil, "", "apus_live_", "sk-1234", String(key.text.dropLast()), key.text + "0"] {
      #expect(
        refusal { () throws(MeterError) in
          _ = try bench.meter.authenticate(wrong)
        } == .invalidAPIKey)
    }
  }

  @Test func aKeyOfAnotherFolderIsRefusedWithTheSameWords() throws {
    let bench = try MeterBench()
    _ = try bench.key()
    let elsewhere = try MeterBench()
    let other = try elsewhere.key()
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.authenticate(other.text)
      } == .invalidAPIKey)
  }

  @Test func aRevokedKeyStopsWorkingAndTheServerStaysClosed() throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    try store.revokeKey(key.record.name)
    try store.revokeKey(key.record.name)
    bench.meter.refreshKeys()
    #expect(bench.meter.hasKeys)
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.authenticate(key.text)
      } == .invalidAPIKey)
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      } == .invalidAPIKey)
    #expect(throws: UsageStoreError.self) {
      try store.revokeKey(try #require(KeyName("zzzzzzzz")))
    }
  }

  @Test func anAnswerThatRunsIsToldThatItsKeyWasRevoked() async throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let lease = try bench.meter.admit(bench.meter.authenticate(key.text), bench.request())
    #expect(lease.advance(completionTokens: 1) == .proceed)
    _ = try bench.key()
    #expect(lease.advance(completionTokens: 2) == .proceed)
    try bench.meter.store.revokeKey(key.record.name)
    bench.meter.refreshKeys()
    #expect(lease.advance(completionTokens: 3) == .keyRevoked)
    try await lease.settle(completed())
  }

  @Test func aRunningServerFindsAKeyOfAnotherProcessByItself() async throws {
    let folder = TemporaryFolder()
    let configuration = MeterConfiguration(folder: folder.path)
    // What is promised is a second; how busy the machine of a test is must not matter here.
    #expect(configuration.keyCheckInterval <= .milliseconds(250))
    let meter = try Meter(configuration)
    let store = try UsageStore(folder: folder.path, mode: .administering)
    _ = try store.createKey(label: name("late"))
    let start = ContinuousClock.now
    while !meter.hasKeys, ContinuousClock.now - start < .seconds(60) { await Task.yield() }
    #expect(meter.hasKeys)
  }

  @Test(arguments: [3, 60, 600] as [Int64])
  func theBurstIsServedAndTheNextRequestIsToldWhenToComeBack(perMinute: Int64) async throws {
    let bench = try MeterBench()
    let limit = try #require(LimitRule.requestLimit(perMinute: perMinute))
    let who = try bench.meter.authenticate(
      bench.key(limits: LimitRule(requests: limit)).text)
    for count in 1...limit.burst {
      try bench.meter.look(who, model: bench.model)
      let lease = try bench.meter.admit(who, bench.request())
      let window = try #require(lease.rate.requests)
      #expect(window.limit == perMinute)
      #expect(window.burst == limit.burst)
      #expect(window.remaining == limit.burst - count)
      #expect(window.resetNanoseconds == count * (60_000_000_000 / perMinute))
      try await lease.settle(completed())
    }
    for _ in 0..<3 {
      let looked = refusal { () throws(MeterError) in
        try bench.meter.look(who, model: bench.model)
      }
      let error = try #require(
        refusal { () throws(MeterError) in _ = try bench.meter.admit(who, bench.request()) })
      #expect(looked == error)
      #expect(error.code.rawValue == "rate_limit_exceeded")
      #expect(error.kind.rawValue == "requests")
      #expect(error.httpStatus == 429)
      #expect(error.detail?.rawValue == "rpm")
      #expect(error.shouldRetry)
      #expect(error.retryAfterMilliseconds == 60_000 / perMinute)
      #expect(error.retryAfterSeconds == max(1, (60_000 / perMinute + 999) / 1000))
      #expect(error.rate?.requests?.remaining == 0)
      let wait = durationText(nanoseconds: 60_000_000_000 / perMinute)
      #expect(error.message.hasSuffix("Please try again in \(wait)."))
    }
    bench.clock.advance(.nanoseconds(60_000_000_000 / perMinute))
    let lease = try bench.meter.admit(who, bench.request())
    try await lease.settle(completed())
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      } != nil)
    #expect(bench.meter.outstanding == 0)
  }

  @Test func keysOfOneAccountShareItsLimit() throws {
    let bench = try MeterBench {
      $0.accountLimits = LimitRule(requests: RateLimit(perMinute: 60, burst: 10))
    }
    var admitted = 0
    for _ in 0..<4 {
      let who = try bench.meter.authenticate(bench.key().text)
      for _ in 0..<5 {
        if refusal({ () throws(MeterError) in
          _ = try bench.meter.admit(who, bench.request())
        }) == nil {
          admitted += 1
        }
      }
    }
    #expect(admitted == 10)
  }

  @Test func anAddressThatGuessesKeysIsSlowedDownAndAGoodKeyFromItIsNot() throws {
    let bench = try MeterBench {
      $0.failedAuthentications = RateLimit(perMinute: 60, burst: 3)
    }
    let key = try bench.key()
    func guess() -> MeterError? {
      refusal { () throws(MeterError) in
        _ = try bench.meter.authenticate("apus_live_wrong", address: ClientAddress("192.0.2.7"))
      }
    }
    for _ in 0..<3 { #expect(guess() == .invalidAPIKey) }
    #expect(guess()?.httpStatus == 429)
    #expect(guess()?.retryAfterMilliseconds == 1000)
    _ = try bench.meter.authenticate(key.text, address: ClientAddress("192.0.2.7"))
    bench.clock.advance(.seconds(1))
    #expect(guess() == .invalidAPIKey)
  }

  @Test func onlyOneServerAtATimeWritesToAFolder() throws {
    let bench = try MeterBench()
    let error = #expect(throws: UsageStoreError.self) {
      _ = try Meter(MeterConfiguration(folder: bench.folder.path))
    }
    #expect(error?.code == .alreadyServing)
  }

  @Test func aRequestIsRecordedInTheMonthInWhichItBegan() async throws {
    let bench = try MeterBench()
    let lease = try bench.meter.admit(.local, bench.request())
    let began = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    bench.clock.advance(.seconds(40 * 86_400))
    try await lease.settle(completed())
    let row = try #require(try bench.meter.store.usageRows(month: began).first)
    #expect(UTCMonth(wallMilliseconds: row.settledMilliseconds) > began)
    #expect(try bench.rows().isEmpty)
    // The clock goes back over the month's edge, as a corrected clock may.
    bench.clock.jump(wallMilliseconds: -35 * 86_400_000)
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    try await bench.meter.close()
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    let months = try store.months()
    #expect(try months.map { try store.usageRows(month: $0).count }.reduce(0, +) == 2)
  }
}
