// Small computations side by side on the worker pool.

import TensorCore

extension WorkerPool {
  /// `body(0) ..< body(count)`, computed on all threads.
  func map<Result>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { buffer, initialised in
      let results = UncheckedPointer(base: buffer.baseAddress)
      forEach(count) { range, _ in
        for index in range { (results.base! + index).initialize(to: body(index)) }
      }
      initialised = count
    }
  }
}

private struct UncheckedPointer<Pointee>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Pointee>?
}
