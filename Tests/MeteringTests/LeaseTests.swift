// Leases: every way out of a scope ends a request exactly once.

import Foundation
import Metering
import Synchronization
import Testing

/// A ledger in memory that can be told to refuse.
final class MemoryLedger: UsageLedger {
  struct Contents {
    var openings: Set<Opening> = []
    var openedCount = 0
    var closedUnopened = 0
    var settled: [RequestID: UsageRow] = [:]
    var settledTwice = 0
    var checkpoints: [Int64] = []
    var batches = 0
    /// Of which some hold rows of more than one month.
    var mixedBatches = 0
    var refuses = false
  }

  private let state = Mutex(Contents())

  var contents: Contents { state.withLock { $0 } }
  func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }

  func open(_ row: OpenRow) -> Opening {
    state.withLock { state in
      let opening = Opening(slot: state.openedCount, requestID: row.requestID)
      state.openedCount += 1
      state.openings.insert(opening)
      return opening
    }
  }

  func note(_ opening: Opening, completionTokens: Int64) {
    state.withLock { $0.checkpoints.append(completionTokens) }
  }

  func forceOpenings() throws(UsageStoreError) {
    let refuses = state.withLock { $0.refuses }
    if refuses { throw UsageStoreError(.diskFull, "cannot write openings: full") }
  }

  func close(_ openings: [Opening]) {
    state.withLock { state in
      for opening in openings where state.openings.remove(opening) == nil {
        state.closedUnopened += 1
      }
    }
  }

  func commit(_ entries: [LedgerEntry]) throws(UsageStoreError) {
    let error = state.withLock { state -> UsageStoreError? in
      if state.refuses { return UsageStoreError(.diskFull, "cannot write usage rows: full") }
      state.batches += 1
      if Set(entries.compactMap(\.month)).count > 1 { state.mixedBatches += 1 }
      for entry in entries {
        guard case .settled(let row, _) = entry else { continue }
        if state.settled.updateValue(row, forKey: row.requestID) != nil {
          state.settledTwice += 1
        }
      }
      return nil
    }
    if let error { throw error }
  }
}

private struct Interruption: Error {}

@Suite struct LeaseTests {
  @Test func aLeaseThatIsDroppedLeavesAnUnbilledRowAndNothingReserved() async throws {
    let bench = try MeterBench {
      $0.accountLimits = LimitRule(tokens: LimitRule.tokenLimit(perMinute: 1000), parallel: 1)
    }
    let who = try bench.meter.authenticate(bench.key().text)
    do {
      let lease = try bench.meter.admit(who, bench.request(prompt: 100, most: 500))
      #expect(lease.rate.tokens?.remaining == 400)
      #expect(lease.advance(completionTokens: 42) == .proceed)
    }
    #expect(bench.meter.outstanding == 0)
    let lease = try bench.meter.admit(who, bench.request(prompt: 100, most: 500))
    // 42 tokens were made, they stay taken; the other 458 came back.
    #expect(lease.rate.tokens?.remaining == 258)
    try await lease.settle(completed())
    let rows = try bench.rows()
    #expect(rows.map(\.status) == [.completed, .abandoned])
    #expect(rows.map(\.isBillable) == [true, false])
    #expect(rows[1].usage == TokenUsage(promptTokens: 100, completionTokens: 42))
    #expect(rows[1].httpStatus == 0)
  }

  @Test func aHolderGivesItsLeaseOnceAndAbandonsOneThatNobodyTook() async throws {
    let bench = try MeterBench()
    let holder = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    try await holder.opened()
    #expect(holder.advance(completionTokens: 3) == .proceed)
    guard let lease = holder.take() else {
      Issue.record("the holder gave nothing")
      return
    }
    #expect(lease.requestID == holder.requestID)
    let isEmpty = holder.take() == nil
    #expect(isEmpty)
    try await lease.settle(completed())
    #expect(holder.advance(completionTokens: 4) == .proceed)
    try await holder.opened()
    do {
      let unused = LeaseHolder(try bench.meter.admit(.local, bench.request()))
      #expect(bench.meter.outstanding == 1)
      _ = unused
    }
    #expect(bench.meter.outstanding == 0)
    try await bench.meter.close()
    #expect(try reopenedRows(bench).map(\.status) == [.abandoned, .completed])
  }

  @Test func aLeaseMayOutliveItsMeter() throws {
    let ledger = MemoryLedger()
    let folder = TemporaryFolder()
    func lease() throws -> MeterLease {
      let meter = try Meter(MeterConfiguration(folder: folder.path), ledger: ledger)
      let model = try meter.modelID(name("tiny"))
      return try meter.admit(
        .local,
        AdmissionRequest(model: model, kind: .chat, promptTokens: 1, contextLeft: 10))
    }
    do {
      let left = try lease()
      #expect(left.advance(completionTokens: 1) == .proceed)
      #expect(throws: UsageStoreError.self) {
        _ = try UsageStore(folder: folder.path, mode: .serving)
      }
    }
    // With the last lease the meter lets go of the folder, once its writer is through.
    var isFree = false
    for _ in 0..<1_000_000 where !isFree {
      isFree = (try? UsageStore(folder: folder.path, mode: .serving)) != nil
    }
    #expect(isFree)
    for _ in 0..<1_000_000 where ledger.contents.settled.isEmpty { sched_yield() }
    #expect(ledger.contents.settled.values.map(\.status) == [.abandoned])
  }

  @Test func progressIsKeptEvery256TokensOrEverySecond() async throws {
    let ledger = MemoryLedger()
    let bench = try MeterBench(ledger: ledger)
    let lease = try bench.meter.admit(.local, bench.request())
    try lease.open()
    for count in 1...600 { _ = lease.advance(completionTokens: Int64(count)) }
    bench.clock.advance(.seconds(1))
    _ = lease.advance(completionTokens: 600)
    bench.clock.advance(.seconds(1))
    _ = lease.advance(completionTokens: 600)
    _ = lease.advance(completionTokens: 599)
    try await lease.settle(completed(completion: 600))
    #expect(ledger.contents.checkpoints == [256, 512, 600])
  }

  /// A million paths in release; fewer where the optimiser does not help.
  #if DEBUG
    private static let pathCount = 100_000
  #else
    private static let pathCount = 1_000_000
  #endif

  @Test func noPathOutOfAScopeLeavesAnythingOutstanding() async throws {
    let ledger = MemoryLedger()
    let bench = try MeterBench(ledger: ledger) {
      $0.accountLimits = LimitRule(
        requests: RateLimit(perMinute: 50_000_000_000, burst: 1_000_000_000),
        tokens: RateLimit(perMinute: 50_000_000_000, burst: 1_000_000_000), parallel: 40)
    }
    let who = try bench.meter.authenticate(bench.key(limits: LimitRule(parallel: 24)).text)
    let taskCount = 4
    let admitted = try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<taskCount {
        group.addTask {
          var generator = SeededGenerator(seed: UInt64(task))
          var admitted = 0
          for _ in 0..<Self.pathCount / taskCount {
            admitted += try await Self.takeRandomPath(bench, who, &generator) ? 1 : 0
          }
          return admitted
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(admitted == Self.pathCount)
    #expect(bench.meter.outstanding == 0)
    let lease = try bench.meter.admit(who, bench.request())
    #expect(lease.rate.parallel?.running == 1)
    try await lease.settle(completed())
    let contents = ledger.contents
    #expect(contents.settled.count == admitted + 1)
    #expect(contents.settledTwice == 0)
    #expect(contents.openedCount > 0 && contents.openings.isEmpty)
    #expect(contents.closedUnopened == 0)
  }

  /// Admits one request and leaves its scope in one of nine ways.
  private static func takeRandomPath(
    _ bench: MeterBench, _ who: Principal, _ generator: inout SeededGenerator
  ) async throws -> Bool {
    let tokens = Int64.random(in: 0...600, using: &generator)
    let lease: MeterLease
    do throws(MeterError) {
      lease = try bench.meter.admit(
        who, bench.request(prompt: tokens, most: Bool.random(using: &generator) ? 64 : nil))
    } catch { return false }
    switch Int.random(in: 0..<9, using: &generator) {
    case 0:
      try await lease.settle(completed(prompt: tokens, completion: tokens / 2))
    case 1:
      break
    case 2:
      _ = lease.advance(completionTokens: tokens)
      _ = consume lease
    case 3:
      do {
        try fail(with: lease)
      } catch is Interruption {}
    case 4:
      let holder = LeaseHolder(lease)
      _ = holder.advance(completionTokens: tokens)
    case 5:
      let holder = LeaseHolder(lease)
      let task = Task.detached { _ = try await holder.take()?.settle(completed()) }
      try await task.value
    case 6:
      let holder = LeaseHolder(lease)
      let task = Task.detached {
        try Task.checkCancellation()
        try await holder.take()?.settle(completed())
      }
      task.cancel()
      _ = await task.result
    case 7:
      // Whoever opens it may be later than its end.
      let holder = LeaseHolder(lease)
      async let opening: Void = holder.opened()
      try await holder.take()?.settle(completed())
      try await opening
    default:
      try await lease.opened()
      _ = lease.advance(completionTokens: tokens)
      var settlement = completed(prompt: tokens)
      settlement.status = .cancelled
      try await lease.settle(settlement)
    }
    return true
  }

  private static func fail(with lease: consuming MeterLease) throws {
    if lease.advance(completionTokens: 1) == .proceed { throw Interruption() }
  }

  private func reopenedRows(_ bench: MeterBench) throws -> [UsageRow] {
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    return try store.usageRows(
      month: UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds()))
  }
}
