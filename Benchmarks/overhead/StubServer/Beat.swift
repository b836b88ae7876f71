// The steps of an engine that is no engine: a thread of its own that wakes all streams together.

import Foundation
import Synchronization

/// Wakes everybody who has joined, once in each interval.
final class Beat: Sendable {
  private let streams = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])
  private let names = Atomic(0)

  init(every interval: Duration) {
    let seconds = interval / .seconds(1)
    Thread.detachNewThread { [self] in
      var next = Date.now
      while true {
        next += seconds
        Thread.sleep(until: next)
        streams.withLock { streams in
          for stream in streams.values { stream.yield() }
        }
      }
    }
  }

  /// Beats from now on, until nobody listens.
  func join() -> AsyncStream<Void> {
    let name = names.add(1, ordering: .relaxed).newValue
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    continuation.onTermination = { [self] _ in
      streams.withLock { $0[name] = nil }
    }
    streams.withLock { $0[name] = continuation }
    return stream
  }
}
