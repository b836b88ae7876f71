// Accounts and the life of keys: activation, suspension, rotation, expiry, leaks.

import GRDB
import Metering
import Testing

@Suite struct AccountTests {
  private func code(_ bench: MeterBench, _ key: NewKey) -> MeterError? {
    bench.meter.refreshKeys()
    return refusal { () throws(MeterError) in _ = try bench.meter.authenticate(key.text) }
  }

  @Test func aPendingAccountGetsNoKey() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("institute"))
    let error = #expect(throws: UsageStoreError.self) {
      _ = try store.createKey(label: name("one"), account: account)
    }
    #expect(error?.code == .wrongState)
    // It was never stopped, so it does not go on: somebody has to let it in.
    #expect(faultCode { try store.resume(account) } == .wrongState)
    #expect(try store.accounts().first { $0.id == account }?.state == .pending)
    try store.setState(.active, of: account)
    #expect(faultCode { try store.resume(account) } == .wrongState)
    #expect(faultCode { try store.resume(AccountID(rawValue: 99)) } == .notFound)
    let key = try store.createKey(label: name("one"), account: account)
    #expect(code(bench, key) == nil)
    #expect(try bench.meter.authenticate(key.text).account == account)
    #expect(try bench.key().record.account != account)
  }

  /// An account without its owner is none that anybody could be told of.
  @Test func anAccountThatIsAskedForIsThereWithItsOwnerOrNotAtAll() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
    defer { try? database.close() }
    try database.write {
      try $0.execute(
        sql: """
          CREATE TRIGGER refusal BEFORE INSERT ON member BEGIN SELECT RAISE(ABORT, 'full'); END
          """)
    }
    let before = try store.accounts().count
    #expect(throws: UsageStoreError.self) {
      _ = try store.requestAccount(name("institute"), email: "a@lab.example")
    }
    #expect(try store.accounts().count == before)
    try database.write { try $0.execute(sql: "DROP TRIGGER refusal") }
    let account = try store.requestAccount(name("institute"), email: "a@lab.example")
    #expect(try store.members(of: account).map(\.role) == [.owner])
  }

  /// Notice does not mean that a key which others know stays in use until its end.
  @Test func aKeyIsReplacedAfterNoticeToo() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    _ = try store.terminate(key.record.account)
    let next = try store.rotateKey(key.record.name, grace: .zero)
    #expect(code(bench, key)?.code == .invalidAPIKey)
    #expect(code(bench, next) == nil)
    #expect(
      faultCode { _ = try store.createKey(label: name("more"), account: key.record.account) }
        == .wrongState)
  }

  @Test func anAccountIsCalledWhatNoOtherIs() throws {
    let store = try MeterBench().meter.store
    _ = try store.createAccount(name("institute"))
    let error = #expect(throws: UsageStoreError.self) {
      _ = try store.createAccount(name("institute"))
    }
    #expect(error?.code == .constraint)
    #expect(error?.message.contains("'institute' already") == true)
  }

  @Test(arguments: SuspensionReason.allCases)
  func aSuspendedAccountIsToldWhyAndStopsAtOnce(reason: SuspensionReason) async throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let store = bench.meter.store
    let who = try bench.meter.authenticate(key.text)
    let running = try bench.meter.admit(who, bench.request())
    try store.setState(.suspended, of: key.record.account, reason: reason)
    let error = try #require(code(bench, key))
    #expect(error.httpStatus == 403)
    #expect(error.code.rawValue == "account_suspended")
    #expect(error.kind.rawValue == "permission_error")
    #expect(error.detail?.rawValue == "\(reason)")
    #expect(!error.shouldRetry)
    #expect(running.advance(completionTokens: 1) == .keyRevoked)
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      } == error)
    try await running.settle(completed())
    try store.resume(key.record.account)
    #expect(code(bench, key) == nil)
  }

  @Test func anAccountsLifeGoesOneWay() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("club"))
    #expect(throws: UsageStoreError.self) {
      try store.setState(.suspended, of: account, reason: .abuse)
    }
    try store.setState(.active, of: account)
    #expect(throws: UsageStoreError.self) { try store.setState(.suspended, of: account) }
    #expect(throws: UsageStoreError.self) {
      try store.setState(.terminating, of: account, reason: .legal)
    }
    try store.setState(.terminating, of: account)
    try store.setState(.closed, of: account)
    for state in AccountState.allCases {
      #expect(!AccountState.closed.mayBecome(state))
      #expect(!state.mayBecome(state))
    }
    let record = try #require(try store.accounts().last)
    #expect(record.id == account && record.state == .closed && record.reason == nil)
  }

  @Test func aRotatedKeyWorksUntilItsGraceEndsAndTheNewOneFromTheStart() throws {
    let bench = try MeterBench()
    let limits = LimitRule(requests: LimitRule.requestLimit(perMinute: 77), parallel: 3)
    let old = try bench.key(limits: limits)
    let new = try bench.meter.store.rotateKey(old.record.name, grace: .seconds(60))
    #expect(new.record.rotatedFrom == old.record.id)
    #expect(new.record.limits == limits)
    #expect(new.record.label == old.record.label)
    #expect(new.record.account == old.record.account)
    #expect(code(bench, old) == nil)
    #expect(code(bench, new) == nil)
    bench.clock.advance(.milliseconds(59_999))
    #expect(code(bench, old) == nil)
    bench.clock.advance(.milliseconds(1))
    #expect(code(bench, old) == .invalidAPIKey)
    #expect(code(bench, new) == nil)
  }

  @Test(arguments: ["1", "007", " lab", "lab ", "\u{A0}lab", "LAB"])
  func anAccountHasANameThatPassesForNoOther(text: String) throws {
    let store = try MeterBench().meter.store
    _ = try store.createAccount(name("lab"))
    let code = faultCode { _ = try store.createAccount(#require(ShortName(text))) }
    #expect(code == (text == "LAB" ? .constraint : .invalidName))
    #expect(try store.accounts().filter { $0.name.text == text }.isEmpty)
  }

  @Test func aGraceIsNeverMadeLongerByRotatingAgain() throws {
    let bench = try MeterBench()
    let key = try bench.key()
    _ = try bench.meter.store.rotateKey(key.record.name, grace: .seconds(10))
    #expect(
      faultCode {
        _ = try bench.meter.store.rotateKey(key.record.name, grace: .seconds(1000))
      } == .wrongState)
    #expect(try bench.meter.store.keys().count == 2)
    bench.clock.advance(.seconds(10))
    #expect(code(bench, key) == .invalidAPIKey)
  }

  @Test func anExpiredKeyIsRefusedWithTheWordsOfAnUnknownOne() throws {
    let bench = try MeterBench()
    let now = bench.clock.clock.wallMilliseconds()
    let key = try bench.meter.store.createKey(
      label: name("guest"), expiresMilliseconds: now + 1000)
    #expect(code(bench, key) == nil)
    bench.clock.advance(.seconds(1))
    #expect(code(bench, key) == .invalidAPIKey)
  }

  @Test func aLeakedKeyIsRevokedByWhoeverHoldsTheWholeOfIt() throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let store = bench.meter.store
    let elsewhere = try MeterBench()
    #expect(try store.reportLeak("apus_live_nonsense") == nil)
    #expect(try store.reportLeak(elsewhere.key().text) == nil)
    #expect(code(bench, key) == nil)
    #expect(try store.reportLeak(key.text)?.key.id == key.record.id)
    #expect(code(bench, key) == .invalidAPIKey)
  }
}
