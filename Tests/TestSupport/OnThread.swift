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
