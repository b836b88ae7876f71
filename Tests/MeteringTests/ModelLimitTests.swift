// Limits of a key or an account at one model: they hold beside all others, and nowhere else.

import GRDB
import Metering
import Testing

@Suite struct ModelLimitTests {
  private func admitted(_ bench: MeterBench, _ who: Principal, at model: ModelID) -> Int {
    (0..<20).count { _ in
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(
          who, AdmissionRequest(model: model, kind: .chat, promptTokens: 1, contextLeft: 9))
      } == nil
    }
  }

  @Test func anAccountIsLimitedAtOneModelWhateverItsKeysAndFreeAtOthers() throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    let keys = [try bench.key(), try bench.key()]
    let large = try bench.meter.modelID(name("large"))
    let account = keys[0].record.account
    let rule = LimitRule(requests: RateLimit(perMinute: 60, burst: 7))
    try store.setLimits(rule, for: .accountAtModel(account, large))
    try store.setLimits(
      LimitRule(requests: RateLimit(perMinute: 60, burst: 3)),
      for: .keyAtModel(keys[1].record.id, large))
    bench.meter.refreshKeys()
    let people = try keys.map { try bench.meter.authenticate($0.text) }
    // What is published is what is enforced.
    #expect(try bench.meter.rules(for: people[0], model: large).count == 3)
    #expect(try bench.meter.rules(for: people[1], model: large).count == 4)
    #expect(try bench.meter.rules(for: people[1], model: bench.model).count == 2)
    #expect(admitted(bench, people[1], at: large) == 3)
    #expect(admitted(bench, people[0], at: large) == 4)
    for who in people { #expect(admitted(bench, who, at: bench.model) == 20) }
    try store.setLimits(nil, for: .accountAtModel(account, large))
    bench.meter.refreshKeys()
    #expect(admitted(bench, people[0], at: large) == 20)
    #expect(admitted(bench, people[1], at: large) == 0)
  }

  @Test func aFollowerOfAKeyHasItsLimitsAtModelsAndNoOtherLimitIsTouched() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key(limits: LimitRule(parallel: 9))
    let id = key.record.id
    try store.setLimits(LimitRule(parallel: 2), for: .keyAtModel(id, bench.model))
    try store.setLimits(LimitRule(parallel: 3), for: .model(bench.model))
    let follower = try store.rotateKey(key.record.name, grace: .seconds(9)).record
    #expect(follower.limits == LimitRule(parallel: 9))
    let limits = try store.limits().mapValues(\.rule.parallel)
    #expect(
      limits == [
        .key(id): 9, .key(follower.id): 9, .keyAtModel(id, bench.model): 2,
        .keyAtModel(follower.id, bench.model): 2, .model(bench.model): 3,
      ])
    #expect(try store.keys().map(\.limits?.parallel) == [9, 9])
    try store.setLimits(nil, for: .keyAtModel(id, bench.model))
    #expect(try store.keys().map(\.limits?.parallel) == [9, 9])
    #expect(throws: UsageStoreError.self) {
      try store.setBudget(Budget(hard: .zero), for: .keyAtModel(id, bench.model))
    }
  }

  /// A folder of a version that knew no models beside keys and accounts.
  @Test func rulesOfBeforeHoldAtAllModels() async throws {
    let bench = try MeterBench()
    let key = try bench.key(limits: LimitRule(parallel: 4))
    let account = key.record.account
    try bench.meter.store.setLimits(LimitRule(parallel: 5), for: .account(account))
    try await bench.meter.close()
    let numbers = ["rpm", "itpm", "otpm", "tpm"].flatMap { [$0, $0 + "_burst"] } + ["parallel"]
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    try await database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE before (
            scope_kind INTEGER NOT NULL, scope_id INTEGER NOT NULL,
            \(numbers.map { "\($0) INTEGER" }.joined(separator: ", ")),
            version INTEGER NOT NULL, PRIMARY KEY (scope_kind, scope_id)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO before SELECT scope_kind, scope_id, \(numbers.joined(separator: ", ")), version
            FROM limit_rule;
          DROP TABLE limit_rule;
          ALTER TABLE before RENAME TO limit_rule;
          \(withoutCorrections)
          DROP TABLE receipt_root;
          DROP TABLE soft_limit_told;
          PRAGMA user_version = 13
          """)
    }
    try database.close()
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    let model = try store.modelID(name("tiny"))
    try store.setLimits(LimitRule(parallel: 6), for: .accountAtModel(account, model))
    #expect(
      try store.limits().mapValues(\.rule.parallel) == [
        .key(key.record.id): 4, .account(account): 5, .accountAtModel(account, model): 6,
      ])
    try store.close()
  }

  @Test(
    arguments: [(600, nil, 100), (600, 60, 600), (600, 1, 10), (6, 1, 1), (6, nil, 5)]
      as [(Int64, Int64?, Int64)])
  func aBurstIsSoManySecondsWorth(perMinute: Int64, seconds: Int64?, burst: Int64) {
    #expect(LimitRule.requestLimit(perMinute: perMinute, burstSeconds: seconds)?.burst == burst)
  }

  @Test func aRestartIsNoWayAroundALimitAtAModel() async throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let key = try bench.key()
    let scope = LimitScope.accountAtModel(key.record.account, bench.model)
    try bench.meter.store.setLimits(
      LimitRule(requests: RateLimit(perMinute: 6, burst: 5)), for: scope)
    bench.meter.refreshKeys()
    let who = try bench.meter.authenticate(key.text)
    #expect(admitted(bench, who, at: bench.model) == 5)
    try await bench.meter.close()
    var configuration = MeterConfiguration(folder: bench.folder.path)
    configuration.clock = bench.clock.clock
    configuration.keyLimits = LimitRule()
    let meter = try Meter(configuration)
    let again = try meter.authenticate(key.text)
    #expect(
      refusal { () throws(MeterError) in
        _ = try meter.admit(again, bench.request())
      }?.httpStatus == 429)
    try await meter.close()
  }
}
