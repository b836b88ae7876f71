// The one road to the disk: writes at once when idle, and batches what arrives during a write.
//
// There is no timer: a lone request waits for its own write only, and under load the batches grow
// by themselves. When a write fails nothing is lost and nothing more is admitted: the entries stay
// in order, and are tried again with the next entry or probe.
//
// It writes on a thread of its own, which sleeps in between. A queue of Dispatch wakes a thread in several
// steps, which cost a first token 0.2 ms where the engine keeps every core busy.

import Dispatch
import Foundation
import Synchronization

/// Writes entries in the order in which they came, in groups.
final class GroupWriter<Entry: Sendable>: Sendable {
  /// The place of an entry in the order; waiting for it is waiting for all before it.
  typealias Ticket = Int64

  private let clock: MeterClock
  private let road: GroupRoad<Entry>

  /// A writer. What was put into the order is written even where nobody holds the writer any more.
  ///
  /// - Parameters:
  ///   - name: what its thread is called.
  ///   - group: entries of different groups are not written in one step; nil goes with any. What a group
  ///     shares is that all of it is written or nothing.
  ///   - spoiled: what becomes of an entry that the disk refused, before it comes again.
  ///   - lost: told what the disk refused, as it was before; called with no lock held.
  ///   - write: makes entries durable; when it throws, the same come again.
  init(
    _ name: String, clock: MeterClock,
    group: @escaping @Sendable (Entry) -> UTCMonth? = { _ in nil },
    spoiled: @escaping @Sendable (Entry) -> Entry = { $0 },
    lost: @escaping @Sendable ([Entry]) -> Void = { _ in },
    write: @escaping @Sendable ([Entry]) throws(UsageStoreError) -> Void
  ) {
    self.clock = clock
    road = GroupRoad(
      clock: clock, group: group, spoiled: spoiled, lost: lost, write: write)
    let thread = Thread { [road] in
      // On Linux a name is lost that a thread has before it runs.
      Thread.current.name = "apus-\(name)"
      road.work()
    }
    thread.qualityOfService = .userInitiated
    thread.start()
  }

  deinit { road.stop() }

  /// Whether new requests may come in. While the disk refuses, asking tries it again once a second.
  func isAccepting() -> Bool {
    let now = clock.monotonicNanoseconds()
    return road.change { state in
      guard let failedAt = state.failedAtNanoseconds else {
        return (state.pending.count < groupWriterCapacity, false)
      }
      return (false, now - failedAt >= groupWriterProbeNanoseconds)
    }
  }

  /// Whether the disk has refused, and nothing was written since.
  var isRefused: Bool { road.change { ($0.failedAtNanoseconds != nil, false) } }

  /// How many entries are not on the disk yet.
  var waitingCount: Int { road.change { (Int($0.lastTicket - $0.durableTicket), false) } }

  /// Whether one more entry may wait for the disk.
  var hasRoom: Bool { road.change { ($0.pending.count < groupWriterCapacity, false) } }

  /// Puts an entry into the order. Returns before it is written.
  ///
  /// - Parameter isAwaited: whether `wait` is called for it next. Then that wakes the writer: it takes
  ///   several times as long as all the rest.
  @discardableResult
  func enqueue(_ entry: Entry, isAwaited: Bool = false) -> Ticket {
    road.change { state in
      state.pending.append(entry)
      state.lastTicket += 1
      return (state.lastTicket, !isAwaited)
    }
  }

  /// Waits until an entry is on the disk; false where the disk refused.
  func wait(_ ticket: Ticket) async -> Bool {
    await withCheckedContinuation { continuation in
      let known = road.change { state -> (Bool?, Bool) in
        if ticket <= state.durableTicket { return (true, false) }
        if !state.isDraining, ticket <= state.failedTicket { return (false, false) }
        state.waiters.append((ticket, continuation))
        return (nil, true)
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  /// Has everything written that was put into the order, and waits for nothing.
  func writeSoon() {
    road.change { state in ((), !state.pending.isEmpty && state.failedAtNanoseconds == nil) }
  }

  /// Waits until everything that was put into the order is on the disk; false where it refused.
  func flush() async -> Bool { await wait(road.change { ($0.lastTicket, false) }) }
}

/// What a writer and its thread share.
private final class GroupRoad<Entry: Sendable>: Sendable {
  struct State {
    var pending: [Entry] = []
    var waiters: [(ticket: Int64, continuation: CheckedContinuation<Bool, Never>)] = []
    var lastTicket: Int64 = 0
    var durableTicket: Int64 = 0
    /// The last one that the disk refused.
    var failedTicket: Int64 = 0
    var isDraining = false
    var failedAtNanoseconds: Int64?
    var isStopped = false
  }

  private let clock: MeterClock
  private let write: @Sendable ([Entry]) throws(UsageStoreError) -> Void
  private let group: @Sendable (Entry) -> UTCMonth?
  private let spoiled: @Sendable (Entry) -> Entry
  private let lost: @Sendable ([Entry]) -> Void
  private let state = Mutex(State())
  private let bell = DispatchSemaphore(value: 0)

  init(
    clock: MeterClock, group: @escaping @Sendable (Entry) -> UTCMonth?,
    spoiled: @escaping @Sendable (Entry) -> Entry,
    lost: @escaping @Sendable ([Entry]) -> Void,
    write: @escaping @Sendable ([Entry]) throws(UsageStoreError) -> Void
  ) {
    self.clock = clock
    self.spoiled = spoiled
    self.lost = lost
    self.write = write
    self.group = group
  }

  /// Changes the state, and wakes the thread where `body` asks for it and it sleeps.
  func change<Result: Sendable>(_ body: (inout State) -> (Result, wakes: Bool)) -> Result {
    let (result, mustWake) = state.withLock { state in
      let (result, wakes) = body(&state)
      let mustWake = wakes && !state.isDraining
      if mustWake { state.isDraining = true }
      return (result, mustWake)
    }
    if mustWake { bell.signal() }
    return result
  }

  /// Ends the thread behind what it writes.
  func stop() {
    state.withLock { $0.isStopped = true }
    bell.signal()
  }

  /// The thread's work, until it is stopped.
  func work() {
    while true {
      bell.wait()
      drain()
      if state.withLock({ $0.isStopped }) { return }
    }
  }

  private func drain() {
    while true {
      let (batch, last) = state.withLock { state -> ([Entry], Int64) in
        var batch: [Entry] = []
        swap(&batch, &state.pending)
        let rest = batch[nextGroup(of: batch).endIndex...]
        if !rest.isEmpty {
          state.pending = Array(rest)
          batch.removeLast(rest.count)
        }
        if batch.isEmpty { state.isDraining = false }
        return (batch, state.lastTicket - Int64(state.pending.count))
      }
      if batch.isEmpty { return }
      do throws(UsageStoreError) {
        try write(batch)
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

  /// The oldest entries that may be written in one step.
  private func nextGroup(of entries: [Entry]) -> ArraySlice<Entry> {
    var first: UTCMonth?
    return entries.prefix { entry in
      guard let own = group(entry) else { return true }
      first = first ?? own
      return own == first
    }
  }

  private func fail(_ batch: [Entry]) {
    let now = clock.monotonicNanoseconds()
    let (refused, waiters) = state.withLock { state in
      let refused = batch + state.pending
      state.pending = refused.map(spoiled)
      state.isDraining = false
      state.failedAtNanoseconds = now
      state.failedTicket = state.lastTicket
      defer { state.waiters = [] }
      return (refused, state.waiters)
    }
    // Not under the lock: who puts an entry into the order may hold the lock that this takes.
    lost(refused)
    for waiter in waiters { waiter.continuation.resume(returning: false) }
  }
}

/// How many entries may wait before new requests are refused.
private let groupWriterCapacity = 65_536
private let groupWriterProbeNanoseconds: Int64 = 1_000_000_000
