// A node brings its events to a central ledger: all of them, in order, also where answers get lost.

import FoundationEssentials
import Metering
import Synchronization
import Testing

/// A ledger in memory that fails when it is told to, before or after it has taken a batch.
private final class MemoryCentralLedger: CentralLedger {
  enum Fault { case none, refuses, losesTheAnswer }

  struct State {
    var events: [RequestID: CentralEvent] = [:]
    var order: [RequestID] = []
    var faults: [Fault] = []
    var batches: [Int] = []
  }

  let state = Mutex(State())

  func push(_ events: [CentralEvent], node: ShortName) throws(CentralLedgerError) -> Int {
    try state.withLock { state throws(CentralLedgerError) in
      let fault = state.faults.isEmpty ? .none : state.faults.removeFirst()
      if fault == .refuses { throw CentralLedgerError("not now") }
      state.batches.append(events.count)
      var count = 0
      for event in events where state.events.updateValue(event, forKey: event.row.requestID) == nil
      {
        state.order.append(event.row.requestID)
        count += 1
      }
      if fault == .losesTheAnswer { throw CentralLedgerError("the connection is gone") }
      return count
    }
  }

  func fail(_ faults: [Fault]) { state.withLock { $0.faults = faults } }
  var order: [RequestID] { state.withLock { $0.order } }
}

@Suite struct OutboxTests {
  private func serve(_ count: Int, _ bench: MeterBench, _ who: Principal) async throws {
    for _ in 0..<count { try await bench.meter.admit(who, bench.request()).settle(completed()) }
  }

  @Test func everyEventIsBroughtOnceInTheOrderOfTheLedger() async throws {
    let bench = try MeterBench()
    let key = try bench.key(limits: LimitRule())
    let who = try bench.meter.authenticate(key.text)
    let ledger = MemoryCentralLedger()
    let outbox = Outbox(store: bench.meter.store, ledger: ledger, node: name("one"))
    #expect(try outbox.push() == 0)
    try await serve(1203, bench, who)
    #expect(try bench.meter.store.outboxCount() == 1203)
    #expect(try outbox.push() == 1203)
    #expect(try outbox.push() == 0)
    #expect(try bench.meter.store.outboxCount() == 0)
    #expect(ledger.state.withLock { $0.batches } == [1000, 203])
    #expect(try ledger.order == bench.rows().reversed().map(\.requestID))
    let event = try #require(ledger.state.withLock { $0.events.values.first })
    #expect(event.account == "default")
    #expect(event.key == key.record.name.description)
    #expect(event.model == "tiny")
  }

  @Test func whatFailsIsBroughtAgainAndCountsOnce() async throws {
    let bench = try MeterBench()
    let who = try bench.meter.authenticate(bench.key(limits: LimitRule()).text)
    let ledger = MemoryCentralLedger()
    let outbox = Outbox(store: bench.meter.store, ledger: ledger, node: name("one"))
    try await serve(1500, bench, who)
    for fault in [MemoryCentralLedger.Fault.refuses, .losesTheAnswer] {
      ledger.fail([fault])
      #expect(throws: CentralLedgerError.self) { try outbox.push() }
      #expect(try bench.meter.store.outboxCount() == 1500)
    }
    // The first batch is there already: its answer got lost.
    #expect(try outbox.push() == 500)
    #expect(Set(try bench.rows().map(\.requestID)) == Set(ledger.order))
    #expect(ledger.order.count == 1500)
  }

  @Test func aNodeThatIsRestoredFromACopyBringsEverythingOnceMore() async throws {
    let bench = try MeterBench()
    let key = try bench.key(limits: LimitRule()).text
    let ledger = MemoryCentralLedger()
    let outbox = Outbox(store: bench.meter.store, ledger: ledger, node: name("one"))
    try await serve(2, bench, bench.meter.authenticate(key))
    let (early, late) = (TemporaryFolder(), TemporaryFolder())
    _ = try bench.meter.store.backUp(to: early.path)
    try await serve(3, bench, bench.meter.authenticate(key))
    #expect(try outbox.push() == 5)
    _ = try bench.meter.store.backUp(to: late.path)
    // A copy that took long: the events are those of its beginning, the rest is that of its end.
    let events = "/events-\(UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())).db"
    try FileManager.default.removeItem(atPath: late.path + events)
    try FileManager.default.moveItem(atPath: early.path + events, toPath: late.path + events)
    var configuration = MeterConfiguration(folder: late.path)
    configuration.clock = bench.clock.clock
    let restored = try Meter(configuration)
    #expect(try restored.store.outboxCount() == 2)
    let who = try restored.authenticate(key)
    for _ in 0..<4 { try await restored.admit(who, bench.request()).settle(completed()) }
    let again = Outbox(store: restored.store, ledger: ledger, node: name("one"))
    #expect(try again.push() == 4)
    #expect(try restored.store.outboxCount() == 0)
    // The node that goes on has not forgotten what it brought.
    #expect(try bench.meter.store.outboxCount() == 0)
    try await restored.close()
  }

  @Test func aMonthThatWasNotBroughtIsKept() async throws {
    let bench = try MeterBench()
    let who = try bench.meter.authenticate(bench.key(limits: LimitRule()).text)
    let ledger = MemoryCentralLedger()
    let outbox = Outbox(store: bench.meter.store, ledger: ledger, node: name("one"))
    try await serve(2, bench, who)
    #expect(try outbox.push() == 2)
    try await serve(1, bench, who)
    bench.clock.advance(.seconds(20 * 31 * 86_400))
    #expect(try bench.meter.store.retentionPlan().months.isEmpty)
    #expect(try outbox.push() == 1)
    #expect(try bench.meter.store.retentionPlan().months.count == 1)
  }
}
