// Where a speech model works for those who wait in a task: Swift's own threads must not be kept.

import TensorCore

/// Runs `body` on a thread of its own, which ends with it.
package func onSpeechThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    startDetachedThread(stackBytes: 8 << 20) {
      continuation.resume(with: Result { try body() })
    }
  }
}
