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

/// What `first` and `second` give, run side by side.
func concurrently<A: Sendable, B: Sendable>(
  _ first: @Sendable () -> A, _ second: @Sendable () -> B
) -> (A, B) {
  let results = Mutex<(first: A?, second: B?)>((nil, nil))
  DispatchQueue.concurrentPerform(iterations: 2) { index in
    if index == 0 {
      let result = first()
      results.withLock { $0.first = result }
    } else {
      let result = second()
      results.withLock { $0.second = result }
    }
  }
  return results.withLock { results in
    guard let first = results.first, let second = results.second else {
      preconditionFailure("both have run")
    }
    return (first, second)
  }
}
