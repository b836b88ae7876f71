// Small computations side by side on the worker pool.

import TensorCore

extension WorkerPool {
  /// `results[i] = body(i)` for `i` of `range`, computed on all threads.
  ///
  /// - Parameter scratch: something for each thread to work on.
  func fill<Result, Scratch>(
    _ results: inout [Result], _ range: Range<Int>, scratch: inout [Scratch],
    _ body: (_ index: Int, _ scratch: inout Scratch) -> Result
  ) {
    precondition(range.upperBound <= results.count && scratch.count >= threadCount)
    results.withUnsafeMutableBufferPointer { results in
      scratch.withUnsafeMutableBufferPointer { scratch in
        forEach(range.count) { part, worker in
          for index in part {
            results[range.lowerBound + index] = body(range.lowerBound + index, &scratch[worker])
          }
        }
      }
    }
  }
}
