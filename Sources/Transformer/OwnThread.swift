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

/// The same for work that ends early where nobody waits for it any more.
///
/// - Parameter body: is given what tells whether the task was cancelled; then it has to end soon.
package func onOwnThread<Value: Sendable>(
  _ body: @escaping @Sendable (_ isCancelled: () -> Bool) throws -> Value
) async throws -> Value {
  let stop = CancellationFlag()
  return try await withTaskCancellationHandler {
    try await onOwnThread { try body { stop.isSet } }
  } onCancel: {
    stop.set()
  }
}
