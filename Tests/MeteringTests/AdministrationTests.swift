// What operators do: allow-lists, limits that a running server follows, warnings, the audit trail,
// trials of limits and prices, backups.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct AdministrationTests {
  @Test(
    arguments: [
      ("192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
      ("192.0.2.7", "192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
      ("::ffff:192.0.2.7", "192.0.2.7", "::ffff:c000:207", "::ffff:192.0.2.8"),
      ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "::1"),
      ("2001:db8::/32", "2001:db8::1", "2001:db8:ffff:ffff:1:2:3:4", "2001:db9::"),
      ("2001:db8:1:2::/64", "2001:db8:1:2::", "2001:db8:1:2::9%eth0", "2001:db8:1:3::"),
      ("2001:db8::7/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::7"),
      ("2001:db8::1", "2001:db8::1", "2001:db8::1%eth0", "2001:db8::2"),
      ("2001:db8::1/128", "2001:db8::1", "2001:db8:0:0:0:0:0:1", "2001:db8::"),
      ("2001:db8::10/124", "2001:db8::10", "2001:db8::1f", "2001:db8::20"),
      ("::/0", "::1", "ffff:ffff:ffff:ffff::", "0.0.0.1"),
    ])
  func aRangeHoldsItsFirstAndLastAddressAndNoOther(
    text: String, first: String, last: String, outside: String
  ) async throws {
    let bench = try MeterBench()
    let key = try bench.key()
    try bench.meter.store.setAddresses([#require(AddressRange(text))], for: key.record.name)
    bench.meter.refreshKeys()
    func code(_ address: String?) throws -> MeterError? {
      let address = try address.map { try #require(ClientAddress($0)) }
      return refusal { () throws(MeterError) in
        _ = try bench.meter.authenticate(key.text, address: address)
      }
    }
    #expect(try code(first) == nil)
    #expect(try code(last) == nil)
    #expect(try code(outside) == .addressNotAuthorized)
    #expect(try code(nil) == .addressNotAuthorized)
    try bench.meter.store.setAddresses([], for: key.record.name)
    bench.meter.refreshKeys()
    #expect(try code(nil) == nil)
  }

  @Test func clientsOfAListenerForBothKindsOfAddressesAreToldApart() {
    let clients = (1...200).compactMap { NetworkAddress("::ffff:10.0.0.\($0)") }
    #expect(Set(clients).count == 200)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "1:2:3", "1::2::3", "12345::", "g::1",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::1.2.3", ":1::", "1:::2",
  ])
  func whatIsNoAddressIsNone(text: String) {
    #expect(NetworkAddress(text) == nil)
  }

  @Test(arguments: [
    "", "192.0.2", "192.0.2.256", "192.0.2.0/33", "192.0.2.1/24", "2001:db8::/129",
    "2001:db8::1/96", "1::2::3",
    "2001:db8", "2001:db8::1/64/1", "::12345", "host", "10.0.0.0/-1",
    "::ffff:10.0.0.0/104", "2001:db8::/32%1",
  ])
  func whatIsNoRangeIsRefused(text: String) {
    #expect(AddressRange(text) == nil)
  }

  @Test func aKeyMayUseTheModelsOfItsListAndItsFollowerToo() throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let other = try bench.meter.modelID(name("large"))
    let store = bench.meter.store
    try store.setModels([bench.model], for: key.record.name)
    let follower = try store.rotateKey(key.record.name, grace: .seconds(60))
    #expect(follower.record.models == [bench.model])
    bench.meter.refreshKeys()
    for text in [key.text, follower.text] {
      let who = try bench.meter.authenticate(text)
      #expect(
        refusal { () throws(MeterError) in try bench.meter.look(who, model: bench.model) } == nil)
      #expect(
        refusal { () throws(MeterError) in
          try bench.meter.look(who, model: other)
        } == .modelNotFound)
    }
    #expect(throws: UsageStoreError.self) {
      try store.setModels([], for: #require(KeyName("00000000")))
    }
  }

  @Test func theTrailNamesEveryChangeAndShowsWhereItWasAltered() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering, actor: name("anna"))
    let account = try store.createAccount(name("lab"))
    try store.setState(.active, of: account)
    let key = try store.createKey(label: name("one"), account: account)
    try store.setLimits(LimitRule(parallel: 2), for: .account(account))
    try store.setBudget(Budget(hard: PicoEuro(cents: 100)), for: .account(account))
    let rotated = try store.rotateKey(key.record.name, grace: .seconds(1))
    try store.revokeKey(rotated.record.name)
    let trail = try store.auditTrail()
    #expect(
      trail.reversed().map(\.verb) == [
        "account.create", "account.state", "key.create", "limit.set", "budget.set", "key.rotate",
        "key.revoke",
      ])
    #expect(trail.allSatisfy { $0.actor == "anna" })
    let whole = try store.verifyAudit()
    #expect(whole.count == 7 && whole.firstBroken == nil && whole.head.count == 32)
    try store.close()

    let database = try DatabaseQueue(path: folder.path + "/meter.db")
    try database.write { db in
      try db.execute(sql: "DROP TRIGGER audit_is_never_changed")
      try db.execute(sql: "UPDATE audit SET detail = 'none' WHERE seq = 5")
    }
    try database.close()
    let altered = try UsageStore(folder: folder.path, mode: .administering)
    #expect(try altered.verifyAudit().firstBroken == 5)
    try altered.close()
    let again = try DatabaseQueue(path: folder.path + "/meter.db")
    try again.write { try $0.execute(sql: "DELETE FROM audit WHERE seq = 3") }
    try again.close()
    let cut = try UsageStore(folder: folder.path, mode: .administering)
    #expect(try cut.verifyAudit().firstBroken == 4)
    try cut.close()
  }

  @Test func theTrailSaysWhatStoodThereBeforeAndWhatStandsThereNow() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    let account = try store.createAccount(name("lab"))
    try store.setState(.active, of: account)
    try store.setLimits(LimitRule(parallel: 2), for: .account(account))
    try store.setLimits(nil, for: .account(account))
    try store.setBudget(Budget(hard: PicoEuro(cents: 100)), for: .account(account))
    try store.setBudget(Budget(soft: PicoEuro(cents: 50)), for: .account(account))
    try store.setMember("mira@lab.example", role: .member, of: account)
    try store.setMember("mira@lab.example", role: .owner, of: account)
    try store.setBuyer(Party(name: "Mira", country: "SI", vatID: "SI1"), of: account)
    var settings = try store.billingSettings()
    settings.iban = "EE382200221020145685"
    try store.setBilling(settings)
    var periods = try store.retentionPeriods()
    periods.eventMonths = 3
    try store.setRetention(periods)
    let model = try store.modelID(name("tiny"))
    for price in [1, 2] as [Int64] {
      _ = try store.publishPrices(#require(Prices(input: price)), model: model)
    }
    try store.setMode(.prepaid, of: account)
    let key = try store.createKey(label: name("one"), account: account)
    try store.setModels([model], for: key.record.name)
    try store.setModels([], for: key.record.name)
    try store.revokeKey(key.record.name)
    let changes = try store.auditTrail().reversed().filter { !$0.before.isEmpty }
    let expected = [
      ("account.state", "pending", "active"), ("limit.set", "defaults", "par 2"),
      ("limit.set", "par 2", "defaults"), ("budget.set", "none", "hard 1.00"),
      ("budget.set", "hard 1.00", "soft 0.50"), ("member.set", "none", "member"),
      ("member.set", "member", "owner"), ("party.set", "none", "SI, VAT id"),
      ("billing.set", "IBAN ''", "IBAN 'EE382200221020145685'"),
      ("retention.set", "events 13", "events 3"), ("price.publish", "none", "input 1,"),
      ("price.publish", "input 1,", "input 2,"), ("account.mode", "postpaid", "prepaid"),
      ("key.models", "all", "1"), ("key.models", "1", "all"),
      ("key.revoke", "active", "revoked"),
    ]
    #expect(changes.map(\.verb) == expected.map(\.0))
    for (change, (_, before, after)) in zip(changes, expected) {
      #expect(change.before.contains(before) && change.after.contains(after), "\(change)")
      // Who a customer is goes when they are erased, and the trail stays.
      #expect(!(change.before + change.after + change.detail).lowercased().contains("mira"))
    }
    #expect(try store.verifyAudit().firstBroken == nil)
    try store.close()
    let database = try DatabaseQueue(path: folder.path + "/meter.db")
    try database.write { db in
      try db.execute(sql: "DROP TRIGGER audit_is_never_changed")
      try db.execute(sql: "UPDATE audit SET before = 'par 3' WHERE after = 'defaults'")
    }
    try database.close()
    let altered = try UsageStore(folder: folder.path, mode: .administering)
    #expect(try altered.verifyAudit().firstBroken == changes.first { $0.before == "par 2" }?.number)
    try altered.close()
  }

  /// A trail that versions before wrote, which knew no change: its hashes still fit.
  @Test func aTrailOfBeforeStaysWhole() throws {
    let folder = TemporaryFolder()
    let store = try UsageStore(folder: folder.path, mode: .administering)
    for account in ["a", "b"] { _ = try store.createAccount(name(account)) }
    try store.close()
    let database = try DatabaseQueue(path: folder.path + "/meter.db")
    try database.write { db in
      try db.execute(
        sql: """
          ALTER TABLE audit DROP COLUMN before;
          ALTER TABLE audit DROP COLUMN after;
          ALTER TABLE api_key DROP COLUMN last_used_day;
          \(withoutCorrections)
          DROP TABLE receipt_root;
          DROP TABLE soft_limit_told;
          PRAGMA user_version = 12
          """)
    }
    try database.close()
    let opened = try UsageStore(folder: folder.path, mode: .administering)
    let account = try #require(try opened.accounts().last).id
    try opened.setState(.active, of: account)
    let verdict = try opened.verifyAudit()
    #expect(verdict.count == 3 && verdict.firstBroken == nil)
    #expect(try opened.auditTrail().map(\.before) == ["pending", "", ""])
    try opened.close()
  }

  @Test func limitsAreTriedOnWhatHappened() async throws {
    let bench = try MeterBench { $0.keyLimits = LimitRule() }
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    var running: [LeaseHolder] = []
    for second in 0..<16 {
      if second < 12 { running.append(LeaseHolder(try bench.meter.admit(who, bench.request()))) }
      bench.clock.advance(.seconds(1))
      if second >= 4 { try await running[second - 4].take()?.settle(completed()) }
    }
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let past = try bench.meter.store.pastRequests(of: .key(key.record.id), month: month)
    #expect(past.count == 12)
    // Five at once, and one more every ten seconds: the twelve came in eleven seconds.
    let rate = LimitSimulation(past, under: LimitRule(requests: RateLimit(perMinute: 6, burst: 5)))
    #expect(rate.admitted == 6 && rate.refused == [.requests: 6])
    // Each takes five seconds, so of two places one is free every two or three seconds.
    let places = LimitSimulation(past, under: LimitRule(parallel: 2))
    #expect(places.admitted == 6 && places.refused == [.parallel: 6])
    #expect(LimitSimulation(past, under: LimitRule()).admitted == 12)
  }

  @Test func limitsAreChangedByThoseThatThereAreOrNotAtAll() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let scope = LimitScope.account(try bench.key().record.account)
    let code = faultCode {
      _ = try store.changeLimits(of: scope) {
        (before: LimitRule?) throws(UsageStoreError) -> LimitRule? in
        throw UsageStoreError(.wrongState, before == nil ? "none" : "some")
      }
    }
    let limits = try store.limits()
    #expect(code == .wrongState && limits[scope] == nil)
    try store.setLimits(LimitRule(parallel: 2), for: scope)
    let changed = try store.changeLimits(of: scope) { before in
      LimitRule(parallel: before?.parallel.map { $0 + 1 })
    }
    let stored = try store.limits()[scope]
    #expect(changed == LimitRule(parallel: 3) && stored?.rule == changed && stored?.version == 2)
  }

  @Test func pricesAreTriedOnWhatHappened() async throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let who = try bench.meter.authenticate(bench.key().text)
    _ = try store.publishPrices(#require(Prices(input: 1000, output: 5000)), model: bench.model)
    bench.meter.refreshKeys()
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let result = try store.repriced(
      bench.model, month: month, at: #require(Prices(input: 2000, output: 1, request: 7)))
    #expect(result.charged.rawValue == 10 * 1000 + 5 * 5000)
    #expect(result.wouldBe.rawValue == 10 * 2000 + 5 + 7)
  }

  @Test func aBackupOpensAndHoldsTheSame() async throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let copy = TemporaryFolder()
    #expect(try bench.meter.store.backUp(to: copy.path).count == 4)
    #expect(throws: UsageStoreError.self) { _ = try bench.meter.store.backUp(to: copy.path) }
    var configuration = MeterConfiguration(folder: copy.path)
    configuration.clock = bench.clock.clock
    let restored = try Meter(configuration)
    #expect(try restored.authenticate(key.text) == who)
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    #expect(try restored.store.usageRows(month: month) == bench.rows())
    try await restored.close()
  }

  @Test(
    arguments: [
      ("1", 1_000_000_000_000), ("-12.5", -12_500_000_000_000), ("0.0000015", 1_500_000),
      ("0.000000000001", 1), ("", nil), ("-", nil), ("1.", nil), (".5", nil), ("1e3", nil),
      ("1,5", nil), ("0.0000000000001", nil), ("99999999", nil), ("--1", nil), ("+1", nil),
    ] as [(String, Int64?)])
  func amountsAreReadExactlyOrNotAtAll(text: String, expected: Int64?) throws {
    let amount = PicoEuro(text)
    #expect(amount?.rawValue == expected)
    if let amount { #expect(PicoEuro(amount.description) == amount) }
  }
}
