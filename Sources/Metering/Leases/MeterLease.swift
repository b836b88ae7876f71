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

  /// Waits until the request's opening row is written and outlives the process, whatever ends that. Call
  /// it before the first token leaves. A power cut may still take it, until ``forceOpening()`` or the
  /// end of any request has brought it to the disk.
  ///
  /// - Throws: ``MeterError`` (503) where the disk refuses.
  package borrowing func opened() async throws(MeterError) { try await handle.opened() }

  /// Has the opening row brought to the disk, and waits for nothing. Call it for a request that outlasts
  /// a commit.
  package borrowing func forceOpening() { handle.forceOpening() }

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
  /// - Throws: ``MeterError`` (503) where the disk refuses: the client must not be told a good end,
  ///   and is not charged.
  package consuming func settle(_ settlement: Settlement) async throws(MeterError) {
    try await end(settlement).reachDisk()
  }

  /// Ends the request as `settle` does, and leaves it to the caller to wait for the disk.
  package consuming func end(_ settlement: Settlement) -> EndedRequest {
    let core = MeterRegistry.core(handle.meter)
    let ticket = core?.settle(handle, settlement)
    discard self
    return EndedRequest(core: core, ticket: ticket)
  }

  deinit {
    MeterRegistry.core(handle.meter)?.abandon(handle)
  }
}

/// A request that was ended, and its row on the way to the disk.
package struct EndedRequest: Sendable {
  let core: MeterCore?
  let ticket: LedgerWriter.Ticket?

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

  func forceOpening() { MeterRegistry.core(meter)?.forceOpening(self) }

  func advance(completionTokens: Int64) -> LeaseVerdict {
    MeterRegistry.core(meter)?.advance(self, completionTokens: completionTokens) ?? .proceed
  }
}
