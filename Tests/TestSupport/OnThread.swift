// Work that has a thread of its own, outside the pool that all tests share.

import Foundation

/// What `body` gives on a thread of its own.
///
/// - Parameter stackBytes: the size of its stack; nil for the system's.
package func onThread<Result: Sendable>(
  stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Result
) async -> Result {
  await withCheckedContinuation { continuation in
    let thread = Thread { continuation.resume(returning: body()) }
    if let stackBytes { thread.stackSize = stackBytes }
    thread.start()
  }
}

/// As above, for what may fail.
package func tryOnThread<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await onThread { Swift.Result { try body() } }.get()
}

/// Looks on a thread of its own, again and again, until `condition` holds or so many seconds are over.
package func wait(
  seconds: Double = 120, until condition: @escaping @Sendable () -> Bool
) async {
  await onThread {
    let end = Date.now + seconds
    while !condition(), Date.now < end { usleep(2_000) }
  }
}
