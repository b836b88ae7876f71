// One test for each promise that an operator can publish because of this module, under the number
// that `apus promises` lists it by.

import Metering
import Testing

@Suite struct PromiseTests {
  private func code(_ bench: MeterBench, _ key: NewKey) -> MeterError? {
    bench.meter.refreshKeys()
    return refusal { () throws(MeterError) in _ = try bench.meter.authenticate(key.text) }
  }

  @Test func `promise 5: a key needs an account that was let in`() throws {
    let bench = try MeterBench()
    let account = try bench.meter.store.createAccount(name("institute"))
    let error = #expect(throws: UsageStoreError.self) {
      _ = try bench.meter.store.createKey(label: name("early"), account: account)
    }
    #expect(error?.code == .wrongState)
    try bench.meter.store.setState(.active, of: account)
    let key = try bench.meter.store.createKey(label: name("first"), account: account)
    #expect(code(bench, key) == nil)
  }

  @Test func `promise 7: a revoked key stops at once, a replaced one when its grace ends`()
    async throws
  {
    let bench = try MeterBench()
    let store = bench.meter.store
    let old = try bench.key()
    try store.setMember("owner@lab.example", role: .owner, of: old.record.account)
    let new = try store.rotateKey(old.record.name, grace: .seconds(60))
    #expect(code(bench, old) == nil)
    bench.clock.advance(.seconds(60))
    #expect(code(bench, old) == .invalidAPIKey)
    let who = try bench.meter.authenticate(new.text)
    let running = try bench.meter.admit(who, bench.request())
    #expect(running.advance(completionTokens: 1) == .proceed)
    #expect(try store.reportLeak(new.text)?.key.name == new.record.name)
    #expect(code(bench, new) == .invalidAPIKey)
    #expect(running.advance(completionTokens: 2) == .keyRevoked)
    try await running.settle(completed())
    // Its owner hears of it, and reads neither key.
    let mail = try #require(try store.deliveries(dueOnly: true).first)
    #expect(mail.target == "owner@lab.example")
    #expect(mail.title == "API key \(new.record.name) was revoked")
    #expect(!mail.body.contains(new.text) && !mail.body.contains(old.text))
    // Once, however often it is reported.
    #expect(try store.reportLeak(new.text)?.key.name == new.record.name)
    #expect(try store.deliveries(dueOnly: true).count == 1)
  }

  @Test func `promise 8: the sum over the keys is the account's`() async throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    _ = try store.publishPrices(#require(Prices(input: 3, output: 11)), model: bench.model)
    var generator = SeededGenerator(seed: 88)
    let keys = try (0..<5).map { _ in try bench.key() }
    for _ in 0..<100 {
      let key = try #require(keys.randomElement(using: &generator))
      let who = try bench.meter.authenticate(key.text)
      try await bench.meter.admit(who, bench.request()).settle(
        completed(completion: Int64.random(in: 0...99, using: &generator)))
    }
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let spent = try store.spent(in: month)
    let byKey = keys.compactMap { spent[.key($0.record.id)]?.rawValue }.reduce(0, +)
    #expect(byKey > 0)
    #expect(spent[.account(keys[0].record.account)]?.rawValue == byKey)
    #expect(try bench.rows().map(\.cost.rawValue).reduce(0, +) == byKey)
  }

  @Test func `promise 9: who breaks the terms is warned before being stopped, and told why`()
    throws
  {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    let account = key.record.account
    try store.setMember("owner@lab.example", role: .owner, of: account)
    func told() throws -> [String] { try store.notices(for: account).map(\.title) }
    let error = #expect(throws: UsageStoreError.self) {
      try store.suspend(account, reason: .terms)
    }
    #expect(error?.code == .wrongState)
    #expect(code(bench, key) == nil)
    #expect(try told().isEmpty)
    try store.warn(account, reason: .terms)
    #expect(try told() == ["Warning: terms"])
    #expect(try store.lastWarning(account, reason: .terms) != nil)
    #expect(try store.lastWarning(account, reason: .nonpayment) == nil)
    try store.suspend(account, reason: .terms)
    #expect(code(bench, key)?.detail == .terms)
    #expect(code(bench, key)?.httpStatus == 403)
    #expect(try told() == ["Your account is suspended: terms", "Warning: terms"])
    #expect(try store.deliveries(dueOnly: true).count == 2)
    try store.setState(.active, of: account)
    try store.suspend(account, reason: .nonpayment, override: name("agreed by phone"))
    #expect(
      try store.auditTrail().first { $0.verb == "account.state" }?.detail
        == "suspended, nonpayment, without warning: agreed by phone")
    try store.setState(.active, of: account)
    try store.suspend(account, reason: .abuse)
    #expect(code(bench, key)?.detail == .abuse)
  }

  @Test func `promise 10: twenty keys of an account get no more than the account`() throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let limit = try #require(RateLimit(perMinute: 60, burst: 10))
    let keys = try (0..<20).map { _ in try bench.key() }
    try bench.meter.store.setLimits(
      LimitRule(requests: limit), for: .account(keys[0].record.account))
    bench.meter.refreshKeys()
    let everybody = try keys.map { try bench.meter.authenticate($0.text) }
    var admitted = 0
    for second in 0..<30 {
      for who in everybody {
        if refusal({ () throws(MeterError) in
          _ = try bench.meter.admit(who, bench.request())
        }) == nil {
          admitted += 1
        }
      }
      // Burst + limit · t / 60, to the request.
      #expect(admitted == 10 + second)
      bench.clock.advance(.seconds(1))
    }
  }

  @Test func `promise 11: changed limits hold for the next request and are audited`() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    let scopes: [LimitScope] = [
      .key(key.record.id), .account(key.record.account), .model(bench.model),
    ]
    for scope in scopes {
      let one = LimitRule(requests: RateLimit(perMinute: 1, burst: 1))
      try store.setLimits(one, for: scope)
      bench.meter.refreshKeys()
      let first = refusal { () throws(MeterError) in _ = try bench.meter.admit(who, bench.request())
      }
      let second = refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }
      #expect(first == nil)
      #expect(second?.code == .rateLimitExceeded)
      #expect(try store.limits()[scope]?.version == 1)
      try store.setLimits(LimitRule(parallel: 9), for: scope)
      #expect(try store.limits()[scope]?.version == 2)
      try store.setLimits(nil, for: scope)
      bench.meter.refreshKeys()
      #expect(
        refusal { () throws(MeterError) in
          _ = try bench.meter.admit(who, bench.request())
        } == nil)
      bench.clock.advance(.seconds(60))
    }
    #expect(try store.limits().isEmpty)
    #expect(try store.auditTrail().filter { $0.verb == "limit.set" }.count == 9)
    #expect(throws: UsageStoreError.self) { try store.setLimits(nil, for: .address(.v4(1))) }
  }

  @Test func `promise 12: each kind of unit costs what its price says, exactly`() async throws {
    let bench = try MeterBench()
    let prices = try #require(
      Prices(
        input: 200_000, cachedInput: 50_000, output: 800_000, reasoning: 700_000,
        audioMillisecond: 13, request: 5))
    _ = try bench.meter.store.publishPrices(prices, model: bench.model)
    let who = try bench.meter.authenticate(bench.key().text)
    try await bench.meter.admit(
      who,
      AdmissionRequest(
        model: bench.model, kind: .transcription, promptTokens: 1000, maxCompletionTokens: 500,
        contextLeft: 4096, audioMilliseconds: 61_000)
    ).settle(
      Settlement(
        usage: TokenUsage(
          promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 500, reasoningTokens: 200,
          audioMilliseconds: 61_000),
        status: .completed, httpStatus: 200, latency: .seconds(1)))
    let parts: [Int64] = [
      600 * 200_000, 400 * 50_000, 300 * 800_000, 200 * 700_000, 61_000 * 13, 5,
    ]
    #expect(try bench.rows().first?.cost.rawValue == parts.reduce(0, +))
  }

  @Test func `promise 2: each kind of work is metered in its own unit`() async throws {
    let bench = try MeterBench()
    let prices = try #require(
      Prices(input: 3, cachedInput: 1, output: 11, reasoning: 7, audioMillisecond: 13))
    _ = try bench.meter.store.publishPrices(prices, model: bench.model)
    let who = try bench.meter.authenticate(bench.key().text)
    let kinds: [(RequestKind, TokenUsage, Int64)] = [
      (.chat, TokenUsage(promptTokens: 9, completionTokens: 4), 9 * 3 + 4 * 11),
      (
        .chat, TokenUsage(promptTokens: 9, completionTokens: 4, reasoningTokens: 3),
        9 * 3 + 11 + 3 * 7
      ),
      (.completion, TokenUsage(promptTokens: 5, completionTokens: 2), 5 * 3 + 2 * 11),
      (.embedding, TokenUsage(promptTokens: 40), 40 * 3),
      (.rerank, TokenUsage(promptTokens: 60), 60 * 3),
      (.transcription, TokenUsage(audioMilliseconds: 61_000), 61_000 * 13),
    ]
    for (kind, usage, _) in kinds {
      try await bench.meter.admit(
        who,
        AdmissionRequest(
          model: bench.model, kind: kind, promptTokens: usage.promptTokens,
          maxCompletionTokens: usage.completionTokens, contextLeft: 4096,
          audioMilliseconds: usage.audioMilliseconds)
      ).settle(
        Settlement(usage: usage, status: .completed, httpStatus: 200, latency: .seconds(1)))
    }
    let rows = try bench.rows().reversed()
    #expect(rows.map(\.kind) == kinds.map(\.0))
    #expect(rows.map(\.usage) == kinds.map(\.1))
    #expect(rows.map(\.cost.rawValue) == kinds.map(\.2))
  }

  @Test func `promise 18: what was used is never priced anew`() async throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let first = try store.publishPrices(#require(Prices(input: 100)), model: bench.model)
    let who = try bench.meter.authenticate(bench.key().text)
    let running = try bench.meter.admit(who, bench.request())
    bench.clock.advance(.seconds(1))
    let second = try store.publishPrices(#require(Prices(input: 900)), model: bench.model)
    bench.meter.refreshKeys()
    try await running.settle(completed())
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let rows = try bench.rows()
    #expect(rows.map(\.price) == [second.id, first.id])
    #expect(rows.map(\.cost.rawValue) == [9000, 1000])
    #expect(throws: UsageStoreError.self) {
      _ = try store.publishPrices(
        #require(Prices(input: 1)), model: bench.model,
        effectiveFromMilliseconds: bench.clock.clock.wallMilliseconds() - 1)
    }
  }

  @Test func `promise 30: an account ends by notice and with a last invoice, not with its keys`()
    async throws
  {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    let account = billing.account
    let day: Int64 = 86_400_000
    func state() throws -> AccountState? { try store.accounts().first { $0.id == account }?.state }
    try await billing.use()
    for key in try store.keys() where key.account == account { try store.revokeKey(key.name) }
    billing.bench.meter.refreshKeys()
    #expect(try state() == .active)
    billing.go(to: newYear2028 + 32 * day)
    let january = try #require(UTCMonth("2028-01"))
    #expect(try store.issueInvoice(account: account, month: january) != nil)

    // Thirty days from the notice its keys work, and what they use is billed.
    let key = try store.createKey(label: name("again"), account: account)
    billing.bench.meter.refreshKeys()
    let who = try billing.bench.meter.authenticate(key.text)
    let notice = try store.terminate(account)
    #expect(notice.endsMilliseconds == billing.clock.clock.wallMilliseconds() + 30 * day)
    billing.bench.meter.refreshKeys()
    billing.go(to: notice.endsMilliseconds - 1)
    #expect(
      refusal { () throws(MeterError) in _ = try billing.bench.meter.authenticate(key.text) } == nil
    )
    try await billing.bench.meter.admit(who, billing.bench.request()).settle(completed())
    billing.go(to: notice.endsMilliseconds)
    let error = refusal { () throws(MeterError) in
      _ = try billing.bench.meter.authenticate(key.text)
    }
    #expect(error?.detail == .terminated && error?.httpStatus == 403)
    billing.go(to: newYear2028 + 95 * day)
    let last = UTCMonth(wallMilliseconds: notice.endsMilliseconds - 1)
    #expect(try store.unbilledMonths(of: account).contains(last))
    #expect(try store.issueInvoice(account: account, month: last) != nil)
    #expect(try store.unbilledMonths(of: account).isEmpty)
  }
}
