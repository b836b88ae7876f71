// Where blocking work is done: not on Swift's cooperative pool, whose threads must not wait.

import Foundation

/// Runs `body` on a thread of its own, with a stack of 8 MiB.
func onOwnThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Result { try body() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}
