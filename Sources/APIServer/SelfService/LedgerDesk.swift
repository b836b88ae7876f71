// Where requests look into the ledger: one thread at a time, away from Swift's own, and a desk for
// each kind of asker, so that no kind keeps another waiting.

import Dispatch
import Metering
import Synchronization

/// A queue of looks into the ledger, with a bound on those that wait.
package final class LedgerDesk: Sendable {
  /// For key holders.
  package static let customers = LedgerDesk("customers", limit: 128)
  /// For what is shown without a key.
  static let everybody = LedgerDesk("everybody", limit: 128)
  /// For whoever runs the server. What is done in an incident waits for nobody's reports.
  static let administration = LedgerDesk("administration", limit: .max, qos: .userInitiated)

  private let queue: DispatchQueue
  private let limit: Int
  private let count = Atomic(0)

  /// - Parameters:
  ///   - name: tells the queue from others in a debugger.
  ///   - limit: looks at a time, the one that goes on among them.
  package init(_ name: String, limit: Int, qos: DispatchQoS = .utility) {
    queue = DispatchQueue(label: "apus.server.ledger.\(name)", qos: qos)
    self.limit = limit
  }

  /// Looks that wait or go on.
  package var pendingCount: Int { count.load(ordering: .relaxed) }

  /// Does work when its turn has come.
  ///
  /// - Throws: what the work throws; 503 where too many wait, and nothing was done then.
  package func work<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    let pending = count.add(1, ordering: .relaxed).newValue
    defer { count.subtract(1, ordering: .relaxed) }
    guard pending <= limit else { throw APIError.tooManyLooks }
    return try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Swift.Result { try body() }) }
    }
  }
}

extension APIError {
  fileprivate static var tooManyLooks: APIError {
    var error = APIError(MeterError.serverIsOverloaded())
    error.isTooMany = true
    return error
  }
}
