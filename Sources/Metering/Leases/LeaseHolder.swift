// A lease that has to outlive a scope.

import Synchronization

/// A place for a lease, such as one that the closure needs which writes a streamed answer.
///
/// Whoever takes the lease owns it; one that nobody takes is abandoned with this object.
package final class LeaseHolder: Sendable {
  /// The request's id, as `x-request-id` shows it.
  package let requestID: RequestID
  /// The limits as they stand after admission, for the headers of the answer.
  package let rate: RateDecision
  private let handle: LeaseHandle
  private let lease: Mutex<MeterLease?>

  /// Holds a lease.
  package init(_ lease: consuming MeterLease) {
    requestID = lease.requestID
    rate = lease.rate
    handle = lease.handle
    self.lease = Mutex(lease)
  }

  /// The lease at the first call, nil ever after.
  package func take() -> MeterLease? { lease.withLock { $0.take() } }

  /// ``MeterLease/opened()`` of the lease held; at once where it has ended.
  package func opened() async throws(MeterError) { try await handle.opened() }

  /// ``MeterLease/open()`` of the lease held; nothing where it has ended.
  package func open() throws(MeterError) { try handle.open() }

  /// ``MeterLease/forceOpening()`` of the lease held; nothing where it has ended.
  package func forceOpening() throws(MeterError) { try handle.forceOpening() }

  /// Notes how much sound a request has of which that was not known when it was admitted, and reserves
  /// what it costs; nothing where the lease has ended.
  ///
  /// - Throws: ``MeterError`` where there is no money for it: settle as rejected then.
  package func reserve(audioMilliseconds: Int64) throws(MeterError) {
    try handle.reserve(audioMilliseconds: audioMilliseconds)
  }

  /// ``MeterLease/advance(completionTokens:)`` of the lease held; where it has ended, `proceed`.
  package func advance(completionTokens: Int64) -> LeaseVerdict {
    handle.advance(completionTokens: completionTokens)
  }
}
