// Incident measures as a meter sees them: at once, audited, taken back, and told afterwards.

import Metering
import Testing

@Suite struct IncidentTests {
  private func titles(_ bench: MeterBench) throws -> [String] {
    try bench.meter.store.deliveries(dueOnly: false).map(\.title)
  }

  private func verdict(_ bench: MeterBench, _ address: String?) -> MeterError? {
    bench.meter.refreshKeys()
    return refusal { () throws(MeterError) in
      try bench.meter.measures.check(address: address.flatMap { ClientAddress($0) })
    }
  }

  @Test func aMeasureHoldsUntilItIsResolvedAndEverybodyIsTold() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    try store.setMember("a@lab.example", role: .owner, of: key.record.account)
    #expect(verdict(bench, "192.0.2.1") == nil)

    let drain = try store.take(.drain)
    let refused = try #require(verdict(bench, "192.0.2.1"))
    #expect(refused.code == .serverIsOverloaded && refused.httpStatus == 503)
    #expect(refused.shouldRetry && refused.retryAfterMilliseconds == 5000)
    #expect(try titles(bench).isEmpty)
    try store.resolve(drain)
    #expect(verdict(bench, "192.0.2.1") == nil)
    #expect(try titles(bench) == ["An incident is over"])

    let restrict = try store.take(.restrict, ranges: [#require(AddressRange("192.0.2.0/24"))])
    #expect(verdict(bench, "192.0.2.1") == nil)
    #expect(verdict(bench, "198.51.100.1")?.code == .addressNotAuthorized)
    #expect(verdict(bench, nil)?.code == .addressNotAuthorized)
    let text = verdict(bench, nil)?.message ?? ""
    #expect(text.contains("operator") && !text.contains("This API key"))
    try store.resolve(restrict)
    #expect(verdict(bench, nil) == nil)

    let isolate = try store.take(.isolate)
    bench.meter.refreshKeys()
    #expect(bench.meter.measures.isIsolated)
    try store.resolve(isolate)
    bench.meter.refreshKeys()
    #expect(!bench.meter.measures.isIsolated)
    #expect(try titles(bench).count == 3)
    #expect(
      try store.auditTrail().map(\.verb).filter { $0.hasPrefix("incident.") }
        == [
          "incident.resolve", "incident.isolate", "incident.resolve", "incident.restrict",
          "incident.resolve", "incident.drain",
        ])
    #expect(throws: UsageStoreError.self) { try store.resolve(isolate) }
  }

  @Test func aSuspendedAccountIsStoppedWithItsRunningAnswersAndGoesOnAfterwards() async throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let key = try bench.key()
    try store.setMember("a@lab.example", role: .owner, of: key.record.account)
    let who = try bench.meter.authenticate(key.text)
    let running = try bench.meter.admit(who, bench.request())
    let incident = try store.takeSuspension(of: key.record.account, reason: .security)
    bench.meter.refreshKeys()
    let refused = refusal { () throws(MeterError) in _ = try bench.meter.authenticate(key.text) }
    #expect(refused?.code == .accountSuspended && refused?.detail == .security)
    #expect(running.advance(completionTokens: 1) == .keyRevoked)
    try await running.settle(completed())
    try store.resolve(incident)
    bench.meter.refreshKeys()
    #expect(try bench.meter.authenticate(key.text) == who)
    #expect(try titles(bench) == ["An incident is over", "Your account is suspended: security"])
  }

  @Test func theEndOfAnIncidentGivesBackWhatThatIncidentHasTaken() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("lab"))
    func state() throws -> AccountState? {
      try store.accounts().first { $0.id == account }?.state
    }
    try store.setState(.active, of: account)
    // Freed by hand, and stopped again for something else.
    let first = try store.takeSuspension(of: account, reason: .security)
    try store.setState(.active, of: account)
    try store.setState(.suspended, of: account, reason: .nonpayment)
    try store.resolve(first)
    #expect(try state() == .suspended)
    try store.setState(.active, of: account)
    // Freed by hand, and stopped again by a later incident.
    let second = try store.takeSuspension(of: account, reason: .security)
    try store.setState(.active, of: account)
    let third = try store.takeSuspension(of: account, reason: .security)
    try store.resolve(second)
    #expect(try state() == .suspended)
    try store.resolve(third)
    #expect(try state() == .active)
    // What was to end goes on ending.
    try store.setState(.terminating, of: account)
    let fourth = try store.takeSuspension(of: account, reason: .security)
    try store.resolve(fourth)
    #expect(try state() == .terminating)
  }

  @Test func aSuspensionThatIsRefusedLeavesNoIncident() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try store.createAccount(name("lab"))
    for reason in [SuspensionReason.security, .terms] {
      // A pending account cannot be suspended, and nobody was warned for the terms.
      #expect(throws: UsageStoreError.self) {
        _ = try store.takeSuspension(of: account, reason: reason)
      }
    }
    #expect(try store.incidents().isEmpty)
    #expect(try store.accounts().first { $0.id == account }?.state == .pending)
  }

  @Test func aRestartIsOverWhenTheNextServerBegins() async throws {
    let bench = try MeterBench()
    _ = try bench.meter.store.take(.restart)
    bench.meter.refreshKeys()
    #expect(bench.meter.measures.mustRestart && bench.meter.measures.isDrained)
    let copy = TemporaryFolder()
    _ = try bench.meter.store.backUp(to: copy.path)
    var configuration = MeterConfiguration(folder: copy.path)
    configuration.clock = bench.clock.clock
    let next = try Meter(configuration)
    #expect(!next.measures.mustRestart && !next.measures.isDrained)
    #expect(next.incidents.first?.endedMilliseconds != nil)
    try await next.close()
  }

  @Test func aMeasureThatMakesNoSenseIsRefused() throws {
    let bench = try MeterBench()
    let range = try #require(AddressRange("192.0.2.0/24"))
    for (measure, ranges) in [
      (IncidentMeasure.restrict, []), (.drain, [range]), (.suspend, []), (.outage, []),
      (.restrict, Array(repeating: range, count: 30)),
    ] {
      #expect(throws: UsageStoreError.self) {
        _ = try bench.meter.store.take(measure, ranges: ranges)
      }
    }
    #expect(try bench.meter.store.incidents().isEmpty)
  }

  @Test func anOutageIsOneIncidentHoweverOftenItIsSeen() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    try store.noteOutage(of: bench.model, isOut: false)
    for _ in 0..<3 {
      try store.noteOutage(of: bench.model, isOut: true)
      bench.clock.advance(.seconds(5))
    }
    try store.noteOutage(of: bench.model, isOut: false)
    try store.noteOutage(of: bench.model, isOut: true)
    let incidents = try store.incidents()
    #expect(incidents.map(\.measure) == [.outage, .outage])
    #expect(incidents.map { $0.endedMilliseconds == nil } == [true, false])
    let first = try #require(incidents.last)
    #expect(first.endedMilliseconds == first.startedMilliseconds + 15_000)
  }
}
