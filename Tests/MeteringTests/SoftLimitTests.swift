// Soft limits: they stop nothing, and somebody is told of each of them once a month.

import GRDB
import Metering
import Testing

@Suite struct SoftLimitTests {
  /// A meter whose account has an owner to tell. An answer costs 5 µEUR.
  private struct Bench {
    let bench: MeterBench
    let key: NewKey
    var account: LimitScope { .account(key.record.account) }

    init() throws {
      bench = try MeterBench { $0.keyLimits = LimitRule() }
      _ = try bench.meter.store.publishPrices(
        #require(Prices(input: 0, output: 1_000_000)), model: bench.model)
      key = try bench.key()
      try bench.meter.store.setMember(
        "a@lab.example", role: .owner, of: key.record.account)
    }

    func limit(_ scope: LimitScope, to soft: Int64) throws {
      try bench.meter.store.setBudget(Budget(soft: PicoEuro(rawValue: soft)), for: scope)
    }

    func answer(of meter: Meter? = nil, times: Int = 1) async throws {
      let meter = meter ?? bench.meter
      meter.refreshKeys()
      let who = try meter.authenticate(key.text)
      for _ in 0..<times {
        try await meter.admit(who, bench.request(most: 5)).settle(completed())
      }
    }

    /// One more answer, of a server that begins anew.
    func answerAfterRestart() async throws {
      var configuration = MeterConfiguration(folder: bench.folder.path)
      configuration.clock = bench.clock.clock
      let meter = try Meter(configuration)
      try await answer(of: meter)
      try await meter.close()
    }

    /// The titles of what was sent, once no server runs.
    var told: [String] {
      get throws {
        let store = try UsageStore(
          folder: bench.folder.path, mode: .administering, clock: bench.clock.clock)
        let titles = try store.deliveries(dueOnly: false).map(\.title)
        try store.close()
        return titles
      }
    }
  }

  private static let title = "A spend limit was passed"

  @Test func itStopsNothingAndIsToldOnce() async throws {
    let bench = try Bench()
    try bench.limit(bench.account, to: 12_000_000)
    try await bench.answer(times: 5)
    try await bench.bench.meter.close()
    #expect(try bench.told == [Self.title])
  }

  /// A folder of a version that noted nowhere which soft limits it had told.
  @Test func whatWasToldBeforeIsNotToldAgain() async throws {
    let bench = try Bench()
    for scope in [bench.account, .key(bench.key.record.id)] {
      try bench.limit(scope, to: 3_000_000)
    }
    try await bench.answer()
    try await bench.bench.meter.close()
    let key = bench.key.record.id.rawValue
    let database = try DatabaseQueue(path: bench.bench.folder.path + "/meter.db")
    try await database.write { db in
      try db.execute(
        sql: """
          \(withoutCorrections)
          DROP TABLE receipt_root;
          DROP TABLE soft_limit_told;
          UPDATE notice SET body = substr(body, 1, 11) || 'key number \(key) has spent more.'
            WHERE body LIKE 'In _______ your key %';
          PRAGMA user_version = 14
          """)
    }
    try database.close()
    try await bench.answerAfterRestart()
    #expect(try bench.told == [Self.title, Self.title])
  }

  /// Whoever sets a soft limit below what is spent hears of it with the next request: once for each
  /// limit, also where a server begins anew.
  @Test func oneBelowWhatIsSpentIsToldToo() async throws {
    let bench = try Bench()
    try await bench.answer(times: 2)
    for soft in [7_000_000, 3_000_000] as [Int64] {
      try bench.limit(bench.account, to: soft)
      try await bench.answer(times: 2)
    }
    try await bench.bench.meter.close()
    try await bench.answerAfterRestart()
    #expect(try bench.told.count == 2)
  }

  /// Nobody knows their keys by the numbers of rows.
  @Test func aKeyIsCalledWhatItsHolderKnowsItBy() async throws {
    let bench = try Bench()
    let store = bench.bench.meter.store
    try bench.limit(.key(bench.key.record.id), to: 7_000_000)
    try await bench.answer()
    let next = try store.rotateKey(bench.key.record.name, grace: .zero)
    bench.bench.meter.refreshKeys()
    let who = try bench.bench.meter.authenticate(next.text)
    try await bench.bench.meter.admit(who, bench.bench.request(most: 5)).settle(completed())
    try await bench.bench.meter.close()
    let closed = try UsageStore(
      folder: bench.bench.folder.path, mode: .administering, clock: bench.bench.clock.clock)
    let body = try #require(try closed.notices(for: next.record.account).first).body
    #expect(
      body == "In 2026-11 your key \(next.record.name) (test) has spent "
        + "\(PicoEuro(rawValue: 10_000_000)) EUR, more than its soft limit of "
        + "\(PicoEuro(rawValue: 7_000_000)) EUR. Nothing is stopped by that.")
    try closed.close()
  }
}
