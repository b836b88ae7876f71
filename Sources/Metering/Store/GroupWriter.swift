// The one road to the disk: writes at once when idle, and batches what arrives during a write.
//
// There is no timer: a lone request waits for its own write only, and under load the batches grow
// by themselves. When a write fails nothing is lost and nothing more is admitted: the entries stay
// in order, and are tried again with the next entry or probe.

import Dispatch
import Synchronization

/// Writes entries in the order in which they came, in groups.
final class GroupWriter<Entry: Sendable>: Sendable {
  /// The place of an entry in the order; waiting for it is waiting for all before it.
  typealias Ticket = Int64

  private struct State {
    var pending: [Entry] = []
    var waiters: [(ticket: Ticket, continuation: CheckedContinuation<Bool, Never>)] = []
    var lastTicket: Ticket = 0
    var durableTicket: Ticket = 0
    /// The last one that the disk refused.
    var failedTicket: Ticket = 0
    var isDraining = false
    var failedAtNanoseconds: Int64?
  }

  private let clock: MeterClock
  private let write: @Sendable ([Entry]) throws(UsageStoreError) -> Void
  private let spoiled: @Sendable (Entry) -> Entry
  private let state = Mutex(State())
  private let queue: DispatchQueue

  /// A writer.
  ///
  /// - Parameters:
  ///   - name: what its queue is called.
  ///   - spoiled: what becomes of an entry that the disk refused, before it comes again.
  ///   - write: makes entries durable; when it throws, the same come again.
  init(
    _ name: String, clock: MeterClock,
    spoiled: @escaping @Sendable (Entry) -> Entry = { $0 },
    write: @escaping @Sendable ([Entry]) throws(UsageStoreError) -> Void
  ) {
    self.clock = clock
    self.spoiled = spoiled
    self.write = write
    queue = DispatchQueue(label: "apus.metering.\(name)", qos: .userInitiated)
  }

  /// Whether new requests may come in. While the disk refuses, asking tries it again once a second.
  func isAccepting() -> Bool {
    let now = clock.monotonicNanoseconds()
    let (isAccepting, mustDrain) = state.withLock { state -> (Bool, Bool) in
      guard let failedAt = state.failedAtNanoseconds else {
        return (state.pending.count < groupWriterCapacity, false)
      }
      let isDue = now - failedAt >= groupWriterProbeNanoseconds
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
  func enqueue(_ entry: Entry, isAwaited: Bool = false) -> Ticket {
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

  /// Has everything written that was put into the order, and waits for nothing.
  func writeSoon() {
    let mustDrain = state.withLock { state -> Bool in
      guard !state.pending.isEmpty, !state.isDraining, state.failedAtNanoseconds == nil
      else { return false }
      state.isDraining = true
      return true
    }
    if mustDrain { queue.async { self.drain() } }
  }

  /// Waits until everything that was put into the order is on the disk; false where it refused.
  func flush() async -> Bool {
    await wait(state.withLock { $0.lastTicket })
  }

  private func drain() {
    while true {
      let (batch, last) = state.withLock { state -> ([Entry], Ticket) in
        let batch = state.pending
        state.pending = []
        if batch.isEmpty { state.isDraining = false }
        return (batch, state.lastTicket)
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

  private func fail(_ batch: [Entry]) {
    let now = clock.monotonicNanoseconds()
    let waiters = state.withLock { state in
      state.pending = (batch + state.pending).map(spoiled)
      state.isDraining = false
      state.failedAtNanoseconds = now
      state.failedTicket = state.lastTicket
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: false) }
  }
}

/// How many entries may wait before new requests are refused.
private let groupWriterCapacity = 65_536
private let groupWriterProbeNanoseconds: Int64 = 1_000_000_000
