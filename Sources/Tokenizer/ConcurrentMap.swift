// The same work on many things, on several threads of the system's, not of Swift's cooperative pool.

import Dispatch
import Synchronization

/// `body` of each number in `0..<count`, in order; run on as many threads as there are processors.
func concurrentMap<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
  let results = Mutex([T?](repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let result = body(index)
    results.withLock { $0[index] = result }
  }
  return results.withLock { $0.compactMap { $0 } }
}
