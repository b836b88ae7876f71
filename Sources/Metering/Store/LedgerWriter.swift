// The one road to the disk: commits at once when idle, and batches what arrives during a commit.
//
// There is no timer: a lone request waits for its own commit only, and under load the batches grow
// by themselves. Where the writer is idle, whoever needs an opening row writes it at once, on its own
// thread and without forcing it to the disk: that outlives the process, and the next commit makes it
// outlive a power cut. When a commit fails nothing is lost and nothing more is admitted: the entries stay
// in order, are marked as the server's fault (nobody is charged for an answer whose end was never
// sent), and are tried again with the next entry or probe.

import Dispatch
import Synchronization

/// Writes ledger entries in the order in which they came.
final class LedgerWriter: Sendable {
  /// The place of an entry in the order; waiting for it is waiting for all before it.
  typealias Ticket = Int64

  private struct State {
    var pending: [LedgerEntry] = []
    var waiters: [(ticket: Ticket, continuation: CheckedContinuation<Bool, Never>)] = []
    var lastTicket: Ticket = 0
    var durableTicket: Ticket = 0
    /// The last one whose opening outlives the process; behind or before the durable one.
    var notedTicket: Ticket = 0
    /// How many of those that wait, from the first on, were noted.
    var notedCount = 0
    /// Whether somebody wants a commit of what is being noted.
    var isCommitWanted = false
    /// The last one that the disk refused.
    var failedTicket: Ticket = 0
    var isDraining = false
    var failedAtNanoseconds: Int64?
  }

  /// How many entries may wait before new requests are refused.
  private static let capacity = 65_536
  private static let probeIntervalNanoseconds: Int64 = 1_000_000_000

  private let ledger: any UsageLedger
  private let clock: MeterClock
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "apus.metering.writer", qos: .userInitiated)

  /// A writer on top of a ledger.
  init(ledger: any UsageLedger, clock: MeterClock) {
    self.ledger = ledger
    self.clock = clock
  }

  /// Whether new requests may come in. While the disk refuses, asking tries it again once a second.
  func isAccepting() -> Bool {
    let now = clock.monotonicNanoseconds()
    let (isAccepting, mustDrain) = state.withLock { state -> (Bool, Bool) in
      guard let failedAt = state.failedAtNanoseconds else {
        return (state.pending.count < Self.capacity, false)
      }
      let isDue = now - failedAt >= Self.probeIntervalNanoseconds
      guard isDue, !state.isDraining else { return (false, false) }
      state.isDraining = true
      return (false, true)
    }
    if mustDrain { queue.async { self.drain() } }
    return isAccepting
  }

  /// Puts an entry into the order. Returns before it is written.
  ///
  /// - Parameter isAwaited: whether `wait` is called for it next. Then that wakes the writer: it takes
  ///   several times as long as all the rest.
  @discardableResult
  func enqueue(_ entry: LedgerEntry, isAwaited: Bool = false) -> Ticket {
    let (ticket, mustDrain) = state.withLock { state -> (Ticket, Bool) in
      state.pending.append(entry)
      state.lastTicket += 1
      guard !isAwaited, !state.isDraining else { return (state.lastTicket, false) }
      state.isDraining = true
      return (state.lastTicket, true)
    }
    if mustDrain { queue.async { self.drain() } }
    return ticket
  }

  /// Waits until an entry is on the disk; false where the disk refused.
  func wait(_ ticket: Ticket) async -> Bool {
    await withCheckedContinuation { continuation in
      let (known, mustDrain) = state.withLock { state -> (Bool?, Bool) in
        if ticket <= state.durableTicket { return (true, false) }
        let isDraining = state.isDraining
        if !isDraining, ticket <= state.failedTicket { return (false, false) }
        state.isDraining = true
        state.waiters.append((ticket, continuation))
        return (nil, !isDraining)
      }
      if let known { continuation.resume(returning: known) }
      if mustDrain { queue.async { self.drain() } }
    }
  }

  /// Waits until the opening in an entry outlives the process; false where the disk refused. Where the
  /// writer is idle that is written at once, on the caller's thread.
  func waitUntilNoted(_ ticket: Ticket) async -> Bool {
    if let isNoted = noteAtOnce(ticket) { return isNoted }
    return await wait(ticket)
  }

  /// Has an entry committed, without waiting for it.
  func commitSoon(_ ticket: Ticket) {
    let mustDrain = state.withLock { state -> Bool in
      guard ticket > state.durableTicket, state.failedAtNanoseconds == nil else { return false }
      guard !state.isDraining else {
        state.isCommitWanted = true
        return false
      }
      state.isDraining = true
      return true
    }
    if mustDrain { queue.async { self.drain() } }
  }

  /// Notes every opening that waits, if the writer is idle; nil where it is not, or it would take long.
  private func noteAtOnce(_ ticket: Ticket) -> Bool? {
    let work = state.withLock {
      state -> (known: Bool?, rows: [OpenRow], count: Int, last: Ticket) in
      if ticket <= max(state.durableTicket, state.notedTicket) { return (true, [], 0, 0) }
      guard !state.isDraining, state.failedAtNanoseconds == nil else { return (nil, [], 0, 0) }
      state.isDraining = true
      state.isCommitWanted = false
      let rows = state.pending.dropFirst(state.notedCount).compactMap(\.opening)
      return (nil, rows, state.pending.count, state.lastTicket)
    }
    guard work.last > 0 else { return work.known }
    let isNoted: Bool
    do throws(UsageStoreError) {
      isNoted = try ledger.note(work.rows)
    } catch {
      fail([])
      return false
    }
    let mustDrain = state.withLock { state -> Bool in
      if isNoted {
        state.notedTicket = work.last
        state.notedCount = work.count
      }
      // Who came meanwhile has left the draining to us.
      state.isDraining =
        state.isCommitWanted || !state.waiters.isEmpty || state.pending.count > work.count
      return state.isDraining
    }
    if mustDrain { queue.async { self.drain() } }
    return isNoted ? true : nil
  }

  /// Waits until everything that was put into the order is on the disk; false where it refused.
  func flush() async -> Bool {
    await wait(state.withLock { $0.lastTicket })
  }

  private func drain() {
    while true {
      let (batch, last) = state.withLock { state -> ([LedgerEntry], Ticket) in
        let batch = state.pending
        state.pending = []
        state.notedCount = 0
        if batch.isEmpty { state.isDraining = false }
        return (batch, state.lastTicket)
      }
      if batch.isEmpty { return }
      do throws(UsageStoreError) {
        try ledger.commit(batch)
      } catch {
        fail(batch)
        return
      }
      let (done, isIdle) = state.withLock { state in
        state.durableTicket = last
        state.failedAtNanoseconds = nil
        let done = state.waiters.filter { $0.ticket <= last }
        state.waiters.removeAll { $0.ticket <= last }
        // Idle before anybody is told, so that who comes next need not wait for this thread.
        if state.pending.isEmpty { state.isDraining = false }
        return (done, state.pending.isEmpty)
      }
      for waiter in done { waiter.continuation.resume(returning: true) }
      if isIdle { return }
    }
  }

  private func fail(_ batch: [LedgerEntry]) {
    let now = clock.monotonicNanoseconds()
    let waiters = state.withLock { state in
      state.pending = (batch + state.pending).map(\.spoiled)
      state.notedCount = 0
      state.isDraining = false
      state.failedAtNanoseconds = now
      state.failedTicket = state.lastTicket
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: false) }
  }
}

extension LedgerEntry {
  /// The row of a request that begins; nil for other entries.
  fileprivate var opening: OpenRow? {
    if case .opened(let row) = self { row } else { nil }
  }

  /// The same entry after the disk refused it: its client was never told a good end.
  fileprivate var spoiled: LedgerEntry {
    guard case .settled(var row) = self, row.isBillable else { return self }
    row.status = .failed
    row.cost = .zero
    row.isBillable = false
    return .settled(row)
  }
}
