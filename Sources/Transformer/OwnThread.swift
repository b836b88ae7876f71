// Where blocking work is done: not on Swift's cooperative pool, whose threads must not wait.

import TensorCore

/// Runs `body` on a thread of its own, which ends with it and has a stack of 8 MiB.
///
/// - Throws: what `body` throws, or `ThreadError` where the system refuses a thread.
package func onOwnThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let hasStarted = startDetachedThread(stackBytes: engineStackBytes) {
      continuation.resume(with: Result { try body() })
    }
    if !hasStarted { continuation.resume(throwing: ThreadError()) }
  }
}
