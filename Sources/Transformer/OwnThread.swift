// Where blocking work is done: not on Swift's cooperative pool, whose threads must not wait.

import Synchronization
import TensorCore

/// Runs `body` on a thread of its own, which ends with it and has a stack of 8 MiB.
package func onOwnThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    startDetachedThread(stackBytes: 8 << 20) {
      continuation.resume(with: Result { try body() })
    }
  }
}

/// Whether somebody has had enough of work that looks here now and then.
package final class StopFlag: Sendable {
  private let flag = Atomic(false)

  package init() {}

  /// Whether the work is to end.
  package var isAsked: Bool { flag.load(ordering: .relaxed) }

  /// Asks the work to end.
  package func ask() { flag.store(true, ordering: .relaxed) }
}
