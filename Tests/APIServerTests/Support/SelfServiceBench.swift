// Two customers with keys of every role, a month of use, and an invoice for it.

import APIServer
import JSON
import Metering
import Synchronization

/// A wall clock that stands where a test puts it; the other clock runs.
final class WallClock: Sendable {
  private let wall: Mutex<Int64>

  init(_ wallMilliseconds: Int64) { wall = Mutex(wallMilliseconds) }

  var clock: MeterClock {
    MeterClock(
      monotonicNanoseconds: MeterClock.system.monotonicNanoseconds,
      wallMilliseconds: { self.wall.withLock { $0 } })
  }

  func move(to wallMilliseconds: Int64) { wall.withLock { $0 = wallMilliseconds } }
}

struct SelfServiceBench: Sendable {
  /// 2026-10-15 12:00 UTC and 2026-11-02 12:00 UTC.
  static let october: Int64 = 1_792_065_600_000
  static let november: Int64 = 1_793_620_800_000

  let server: RunningServer
  let meter: Meter
  let store: UsageStore
  let clock: WallClock
  /// The keys of the customer `lab`, by role.
  let keys: [KeyRole: NewKey]
  /// A key of the owner of another customer, `other`.
  let stranger: NewKey

  /// What a key of the lab may see of itself.
  func get(_ path: String, as role: KeyRole = .owner) async throws -> HTTPAnswer {
    try await server.get(path, headers: bearer(keys[role]))
  }

  func post(_ path: String, _ body: JSONValue, as role: KeyRole = .owner) async throws -> HTTPAnswer
  {
    try await server.post(path, body.serialized(), headers: bearer(keys[role]))
  }

  func bearer(_ key: NewKey?) -> [String] { ["Authorization: Bearer \(key?.text ?? "")"] }

  /// Runs a test in November, after four requests of the lab and one of the other in October: the
  /// lab's main user asked twice, its member and its service once each. Each used 4 input and 5
  /// output tokens, at 1,000 and 2,000 euros a million, so that an invoice has something on it.
  static func run(
    configure: (inout Server.Configuration) -> Void = { _ in },
    _ test: @escaping @Sendable (SelfServiceBench) async throws -> Void
  ) async throws {
    let clock = WallClock(october)
    try await withMeter(configure: { $0.clock = clock.clock }) { meter, store in
      let model = try meter.modelID(name("swift-1"))
      let prices = Prices(input: 1_000_000_000, output: 2_000_000_000)
      _ = try prices.map { try store.publishPrices($0, model: model) }
      let lab = try account("lab", store)
      var keys: [KeyRole: NewKey] = [:]
      for role in KeyRole.allCases {
        keys[role] = try store.createKey(label: name("\(role)"), role: role, account: lab)
      }
      let stranger = try store.createKey(
        label: name("theirs"), role: .owner, account: account("other", store))
      meter.refreshKeys()
      let made = keys
      try await RunningServer.serving(meter: meter, configure: configure) { server in
        let bench = SelfServiceBench(
          server: server, meter: meter, store: store, clock: clock, keys: made, stranger: stranger)
        for key in [made[.mainUser], made[.mainUser], made[.member], made[.service], stranger] {
          _ = try await server.chat(ChatCompletionTests.chat, headers: bench.bearer(key))
        }
        clock.move(to: november)
        for account in try store.accounts() {
          _ = try store.issueInvoice(account: account.id, month: UTCMonth("2026-10")!)
        }
        try await test(bench)
      }
    }
  }

  private static func account(_ label: String, _ store: UsageStore) throws -> AccountID {
    let account = try store.createAccount(name(label))
    try store.setState(.active, of: account)
    let party = Party(
      name: label, street: "Street 1", city: "Tartu", postcode: "50090", country: "EE",
      vatID: "EE123456789",
      email: "bills@\(label).example")
    try store.setSeller(party)
    try store.setBuyer(party, of: account)
    return account
  }

  private static func name(_ text: String) -> ShortName {
    guard let name = ShortName(text) else { preconditionFailure("'\(text)' is no short name") }
    return name
  }
}
