// When a request that begins is known: to the next process at once, to the disk before a token leaves.

import Metering
import Synchronization
import Testing

/// A ledger that remembers what it was told to do, in order.
private final class WatchedLedger: UsageLedger {
  enum Act: Equatable {
    case open(RequestID)
    case force, commit
    case close(RequestID)
  }

  private let state = Mutex<[Act]>([])
  var acts: [Act] { state.withLock { $0 } }

  func open(_ row: OpenRow) -> Opening {
    state.withLock { $0.append(.open(row.requestID)) }
    return Opening(slot: 0, requestID: row.requestID)
  }

  func note(_ opening: Opening, completionTokens: Int64) {}
  func forceOpenings() { state.withLock { $0.append(.force) } }
  func close(_ openings: [Opening]) {
    state.withLock { $0 += openings.map { .close($0.requestID) } }
  }
  func commit(_ entries: [LedgerEntry]) { state.withLock { $0.append(.commit) } }
}

@Suite struct OpeningTests {
  @Test func anOpeningIsWrittenAtOnceForcedWhenAwaitedAndForgottenBehindItsEnd() async throws {
    let ledger = WatchedLedger()
    let bench = try MeterBench(ledger: ledger)
    let first = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    let second = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    let third = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    let ids = [first, second, third].map(\.requestID)
    #expect(ledger.acts.isEmpty)
    for _ in 0..<2 {
      // What nobody waits for is not forced, and nobody is opened twice.
      try first.open()
      #expect(ledger.acts == [.open(ids[0])])
    }
    for _ in 0..<2 {
      try await second.opened()
      #expect(ledger.acts == [.open(ids[0]), .open(ids[1]), .force])
    }
    try await second.take()?.settle(completed())
    try await third.take()?.settle(completed())
    try await first.take()?.settle(completed())
    try await bench.meter.close()
    #expect(
      ledger.acts.dropFirst(3) == [
        .commit, .close(ids[1]), .commit, .commit, .close(ids[0]),
      ])
    // After its end nothing is opened.
    try await third.opened()
    #expect(ledger.acts.count == 8)
  }

  /// What the files hold right after `open()` is what a killed process leaves.
  @Test func aRequestIsKnownToTheNextProcessAsSoonAsItIsOpen() async throws {
    let bench = try MeterBench()
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    for count in 1...3 {
      let open = try bench.meter.admit(.local, bench.request(prompt: 77))
      let id = open.requestID
      try open.open()
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
