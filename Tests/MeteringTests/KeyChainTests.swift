// A key that takes another's place takes over what that one has used up: nobody frees themselves from a limit
// by replacing their own key.

import GRDB
import Metering
import Testing

@Suite struct KeyChainTests {
  /// A meter whose output tokens cost 1e-12 EUR each.
  private func bench() throws -> MeterBench {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: 0, output: 1)), model: bench.model)
    return bench
  }

  private func next(_ bench: MeterBench, after key: NewKey) throws -> NewKey {
    let next = try bench.meter.store.rotateKey(key.record.name, grace: .seconds(600))
    bench.meter.refreshKeys()
    return next
  }

  /// How a request of so many output tokens is refused; nil where it is served.
  private func use(
    _ bench: MeterBench, _ key: NewKey, tokens: Int64
  ) async throws -> MeterError.Code? {
    let who = try bench.meter.authenticate(key.text)
    let lease: MeterLease
    do throws(MeterError) { lease = try bench.meter.admit(who, bench.request(most: tokens)) } catch
    {
      return error.code
    }
    try await lease.settle(completed(completion: tokens))
    return nil
  }

  @Test func aKeyDoesNotFreeItselfFromItsSpendLimit() async throws {
    let bench = try bench()
    let store = bench.meter.store
    let first = try bench.key()
    let scope = LimitScope.key(first.record.id)
    try store.setBudget(Budget(hard: PicoEuro(rawValue: 10)), for: scope)
    bench.meter.refreshKeys()
    #expect(try await use(bench, first, tokens: 6) == nil)
    let second = try next(bench, after: first)
    #expect(second.record.firstKey == first.record.id)
    #expect(try await use(bench, second, tokens: 5) == .projectSpendLimitExceeded)
    #expect(try await use(bench, second, tokens: 4) == nil)
    // The old one shares with the new one while its grace lasts.
    #expect(try await use(bench, first, tokens: 1) == .projectSpendLimitExceeded)
    let third = try next(bench, after: second)
    #expect(try await use(bench, third, tokens: 1) == .projectSpendLimitExceeded)
    #expect(bench.meter.spending(of: scope).spent.rawValue == 10)

    // A limit that is set for one of them is that of all.
    try store.setBudget(Budget(hard: PicoEuro(rawValue: 12)), for: .key(third.record.id))
    #expect(try store.budgets() == [scope: Budget(hard: PicoEuro(rawValue: 12))])
    #expect(try store.budget(of: .key(second.record.id))?.hard?.rawValue == 12)
    bench.meter.refreshKeys()
    #expect(try await use(bench, third, tokens: 2) == nil)
    #expect(try await use(bench, second, tokens: 1) == .projectSpendLimitExceeded)

    // The next server knows it too.
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    #expect(try store.spent(in: month)[scope]?.rawValue == 12)
    #expect(try store.spent(in: month).count == 2)
    try await bench.meter.close()
    var configuration = MeterConfiguration(folder: bench.folder.path)
    configuration.clock = bench.clock.clock
    let meter = try Meter(configuration)
    let who = try meter.authenticate(third.text)
    #expect(
      refusal { () throws(MeterError) in
        _ = try meter.admit(who, bench.request(most: 1))
      }?.code == .projectSpendLimitExceeded)
    try meter.store.setBudget(nil, for: .key(second.record.id))
    #expect(try meter.store.budgets().isEmpty)
    try await meter.close()
  }

  /// Folders in which each key has a limit of its own.
  @Test func ofLimitsThatWereSetForSeveralTheYoungestHolds() async throws {
    let bench = try bench()
    let store = bench.meter.store
    let first = try bench.key()
    let second = try next(bench, after: first)
    let database = try DatabaseQueue(path: "\(bench.folder.path)/meter.db")
    try await database.write { db in
      for (key, cap) in [(second, 20), (first, 10)] {
        try db.execute(
          sql: "INSERT INTO spend_limit VALUES (1, ?, ?, NULL)",
          arguments: [key.record.id.rawValue, cap])
      }
    }
    try database.close()
    for key in [first, second] {
      #expect(try store.budget(of: .key(key.record.id))?.hard?.rawValue == 20)
    }
    try store.setBudget(nil, for: .key(first.record.id))
    #expect(try store.budgets().isEmpty)
  }

  @Test func aKeyThatWasReplacedIsReplacedNoMore() throws {
    let bench = try bench()
    let store = bench.meter.store
    let first = try bench.key()
    let second = try next(bench, after: first)
    for wait in [0, 600] {
      bench.clock.advance(.seconds(wait))
      #expect(
        faultCode { _ = try store.rotateKey(first.record.name, grace: .seconds(9)) } == .wrongState)
    }
    #expect(try store.keys().count == 2)
    _ = try next(bench, after: second)
  }

  @Test func revokingAKeyNamesWhatTookItsPlaceOrEndsItToo() throws {
    let bench = try bench()
    let store = bench.meter.store
    let first = try bench.key()
    let second = try next(bench, after: first)
    let third = try next(bench, after: second)
    let other = try bench.key()
    let names = [second, third].map(\.record.name)
    let alone = try store.revokeKey(first.record.name)
    #expect(alone.key.state == .active && alone.revoked.isEmpty && alone.living == names)
    #expect(try store.keys().map(\.state) == [.revoked, .active, .active, .active])
    // The second one's grace is over, and what took its place goes on.
    bench.clock.advance(.seconds(600))
    #expect(try store.revokeKey(first.record.name).living == [third.record.name])
    let all = try store.revokeKey(first.record.name, withSuccessors: true)
    #expect(all.key.state == .revoked && all.revoked == [third.record.name] && all.living.isEmpty)
    #expect(try store.revokeKey(other.record.name, withSuccessors: true).revoked.isEmpty)
    #expect(try store.notices(for: first.record.account).isEmpty)
  }

  @Test func customersReplaceSoManyKeysWithinADay() throws {
    let bench = try bench()
    let store = bench.meter.store
    var key = try bench.key()
    for _ in 0..<3 { key = try store.rotateKey(key.record.name, grace: .zero, mostInDay: 3) }
    let rotate = { _ = try store.rotateKey(key.record.name, grace: .zero, mostInDay: 3) }
    #expect(faultCode(rotate) == .wrongState)
    #expect(try store.keys().count == 4)
    bench.clock.advance(.seconds(86_400))
    #expect(faultCode(rotate) == nil)
    #expect(try store.keys().count == 5)
  }

  @Test(arguments: [false, true])
  func replacingAKeyFillsNoBucketAndAddsNoPlace(atModel: Bool) async throws {
    let bench = try bench()
    let rule = LimitRule(requests: RateLimit(perMinute: 1, burst: 3), parallel: 2)
    let first = try bench.key(limits: atModel ? nil : rule)
    if atModel {
      try bench.meter.store.setLimits(rule, for: .keyAtModel(first.record.id, bench.model))
      bench.meter.refreshKeys()
    }
    let who = try bench.meter.authenticate(first.text)
    let running = try bench.meter.admit(who, bench.request(most: 1))
    let second = try next(bench, after: first)
    let other = try bench.meter.admit(bench.meter.authenticate(second.text), bench.request(most: 1))
    for key in [first, second] {
      #expect(try await use(bench, key, tokens: 1) == .rateLimitExceeded)
    }
    try await running.settle(completed(completion: 1))
    try await other.settle(completed(completion: 1))
    #expect(try await use(bench, second, tokens: 1) == nil)
    let third = try next(bench, after: second)
    for key in [first, second, third] {
      #expect(try await use(bench, key, tokens: 1) == .rateLimitExceeded)
    }
  }

  /// Usage stays with the key that it came with: its holder looks there.
  @Test func whatAKeyWasUsedForIsStillItsOwn() async throws {
    let bench = try bench()
    let first = try bench.key()
    #expect(try await use(bench, first, tokens: 3) == nil)
    let second = try next(bench, after: first)
    #expect(try await use(bench, second, tokens: 5) == nil)
    let keys = [first, second].map(\.record.id)
    #expect(Set(try bench.rows().map(\.key)) == Set(keys))
  }
}
