// When a request that begins is known: to the next process at once, to the disk a little later.

import Metering
import Synchronization
import Testing

/// A ledger that notes openings at once, and remembers what it was given.
private final class NotingLedger: UsageLedger {
  private let state = Mutex((noted: [RequestID](), committed: [LedgerEntry]()))
  var noted: [RequestID] { state.withLock { $0.noted } }
  var committed: [LedgerEntry] { state.withLock { $0.committed } }

  func note(_ rows: [OpenRow]) -> Bool {
    state.withLock { $0.noted += rows.map(\.requestID) }
    return true
  }

  func commit(_ entries: [LedgerEntry]) throws(UsageStoreError) {
    state.withLock { $0.committed += entries }
  }
}

@Suite struct OpeningTests {
  @Test func anOpeningIsNotedAtOnceAndComesAgainInTheNextCommit() async throws {
    let ledger = NotingLedger()
    let bench = try MeterBench(ledger: ledger)
    let first = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    let second = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    try await second.opened()
    #expect(ledger.noted == [first.requestID, second.requestID])
    // Nobody is noted twice.
    try await first.opened()
    let third = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    try await third.opened()
    #expect(ledger.noted == [first, second, third].map(\.requestID))
    #expect(ledger.committed.isEmpty)
    try await second.take()?.settle(completed())
    let opened = ledger.committed.compactMap { entry in
      if case .opened(let row) = entry { row.requestID } else { nil }
    }
    #expect(opened == ledger.noted)
    #expect(ledger.committed.count == 4)
    try await first.take()?.settle(completed())
    try await third.take()?.settle(completed())
    #expect(ledger.committed.count == 6)
  }

  @Test(.timeLimit(.minutes(5))) func anOpeningThatIsForcedIsCommittedWithoutAnEnd() async throws {
    let ledger = NotingLedger()
    let bench = try MeterBench(ledger: ledger)
    let holder = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    try await holder.opened()
    #expect(ledger.committed.isEmpty)
    holder.forceOpening()
    while ledger.committed.isEmpty { await Task.yield() }
    #expect(ledger.committed.count == 1)
    // It is there: nothing is left to be forced.
    holder.forceOpening()
    try await holder.take()?.settle(completed())
    #expect(ledger.committed.count == 2)
  }

  /// What the files hold right after `opened()` is what a killed process leaves.
  @Test func aRequestIsKnownToTheNextProcessAsSoonAsItIsOpened() async throws {
    let bench = try MeterBench()
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    for count in 1...3 {
      let open = try bench.meter.admit(.local, bench.request(prompt: 77))
      let id = open.requestID
      try await open.opened()
      let crashed = try bench.crashed()
      let meter = try Meter(MeterConfiguration(folder: crashed.path))
      let rows = try meter.store.usageRows(
        month: UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds()))
      #expect(rows.count == count + 1)
      #expect(rows.first { $0.requestID == id }?.status == .abortedByCrash)
      try await meter.close()
      try #expect(integrity(crashed) == "ok")
      try await open.settle(completed())
    }
    #expect(try bench.meter.store.ledgerSettings().synchronous == 2)
  }
}
