// The right to serve one request, as a value that cannot be copied, lost or used twice.
//
// It holds integers only and finds its meter through a process-wide registry, because `discard
// self` needs stored properties without destructors. Every way out of a scope ends it exactly once:
// `settle`, or else `deinit`, which abandons it: the reservation is given back and an unbilled row
// is written.

/// An admitted request: to be settled once.
package struct MeterLease: ~Copyable, Sendable {
  /// The request's id, as `x-request-id` shows it.
  package let requestID: RequestID
  /// The limits as they stand after admission, for the headers of the answer.
  package let rate: RateDecision
  let handle: LeaseHandle

  init(requestID: RequestID, rate: RateDecision, handle: LeaseHandle) {
    self.requestID = requestID
    self.rate = rate
    self.handle = handle
  }

  /// Writes that the request begins, so that this outlives the process, whatever ends that. Takes
  /// microseconds, and does nothing the second time. Enough where nothing leaves before the end.
  ///
  /// - Throws: ``MeterError`` (503) where the disk refuses.
  package borrowing func open() throws(MeterError) { try handle.open() }

  /// Does what ``open()`` does and has it brought to the disk, without waiting for that.
  ///
  /// - Throws: ``MeterError`` (503) where the disk refuses.
  package borrowing func forceOpening() throws(MeterError) { try handle.forceOpening() }

  /// Does what ``open()`` does and waits until it is on the disk, so that it outlives a power cut. Call it
  /// before the first token leaves, and best when the engine works on the prompt already.
  ///
  /// - Throws: ``MeterError`` (503) where the disk refuses.
  package borrowing func opened() async throws(MeterError) { try await handle.opened() }

  /// Notes how far the answer is and asks whether it may go on. Call it for every token: it waits
  /// for nothing, and reserves 256 more where the answer has outgrown its reservation.
  ///
  /// - Parameter completionTokens: all tokens generated so far, never less than the last time.
  package borrowing func advance(completionTokens: Int64) -> LeaseVerdict {
    handle.advance(completionTokens: completionTokens)
  }

  /// Ends the request with what it really used. When this returns the row is on the disk, so the
  /// client may be told the end.
  ///
  /// - Returns: what it is charged: what its row says.
  /// - Throws: ``MeterError`` (503) where the disk refuses: the client must not be told a good end,
  ///   and is not charged.
  @discardableResult
  package consuming func settle(
    _ settlement: Settlement
  ) async throws(MeterError) -> Charge {
    let ended = end(settlement)
    try await ended.reachDisk()
    return ended.charge
  }

  /// Ends the request as `settle` does, and leaves it to the caller to wait for the disk.
  package consuming func end(_ settlement: Settlement) -> EndedRequest {
    let core = MeterRegistry.core(handle.meter)
    let ended = core?.settle(handle, settlement)
    discard self
    return EndedRequest(
      core: core, ticket: ended?.ticket,
      charge: ended?.charge ?? Charge(usage: settlement.usage, cost: .zero))
  }

  deinit {
    MeterRegistry.core(handle.meter)?.abandon(handle)
  }
}

/// What a request is charged, as its row says it and as its client is to be told.
package struct Charge: Hashable, Sendable {
  /// May be less than what was computed: nobody pays for more than was wanted, or than a cap holds.
  package let usage: TokenUsage
  /// Zero where there is no price, or nothing is charged.
  package let cost: PicoEuro

  package init(usage: TokenUsage, cost: PicoEuro) {
    self.usage = usage
    self.cost = cost
  }
}

/// A request that was ended, and its row on the way to the disk.
package struct EndedRequest: Sendable {
  let core: MeterCore?
  let ticket: GroupWriter<LedgerEntry>.Ticket?
  /// What it is charged.
  package let charge: Charge

  /// Waits until the row is on the disk.
  ///
  /// - Throws: ``MeterError`` (503) where the disk refuses.
  package func reachDisk() async throws(MeterError) {
    guard let core, let ticket else { return }
    try await core.waitUntilDurable(ticket)
  }
}

/// Whether an answer may go on.
package enum LeaseVerdict: Sendable, Equatable {
  case proceed
  /// The key was revoked while the answer ran: stop and settle as cancelled.
  case keyRevoked
  /// This token was the last one that the budget pays for: stop with the finish reason `length` and
  /// settle as stopped by the budget.
  case budgetSpent
}

/// Where a lease's request is remembered. Unlike the lease it can be copied: it looks and notes,
/// and after the end of the request it does nothing.
struct LeaseHandle: Sendable {
  let meter: UInt32
  let slot: Int
  let serial: Int64

  func opened() async throws(MeterError) {
    try await MeterRegistry.core(meter)?.waitUntilOpened(self)
  }

  func open() throws(MeterError) { try MeterRegistry.core(meter)?.open(self) }

  func forceOpening() throws(MeterError) {
    _ = try MeterRegistry.core(meter)?.forceOpening(self)
  }

  func reserve(audioMilliseconds: Int64) throws(MeterError) {
    try MeterRegistry.core(meter)?.reserve(self, audioMilliseconds: audioMilliseconds)
  }

  func advance(completionTokens: Int64) -> LeaseVerdict {
    MeterRegistry.core(meter)?.advance(self, completionTokens: completionTokens) ?? .proceed
  }
}
