// What the heads that follow what is said look at, and the way through it.

package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What tokens look at, each in a row of weights over positions of the sound.
package struct AlignmentWeights {
  package let rowCount: Int
  package let positionCount: Int
  /// The sum over heads, `[rows, positions]`, of which `starts` takes the mean.
  private let values: PrivateFloats
  /// Of one head, `[rows, positions]`.
  package let scores: PrivateFloats
  private var headCount = 0
  private var window = Array(repeating: Float(0), count: Self.medianCount)

  /// Positions of which the median is taken: one and as many on either side.
  private static let medianCount = 7

  /// - Throws: where the system has not so much memory.
  package init(rowCount: Int, positionCount: Int) throws(AllocationError) {
    (self.rowCount, self.positionCount) = (rowCount, positionCount)
    values = try PrivateFloats(count: rowCount * positionCount)
    scores = try PrivateFloats(count: rowCount * positionCount)
  }

  /// Adds a head, which is in `scores`: softmax over positions, then what is unusual among the
  /// tokens, smoothed by a median. Others are in `scores` afterwards.
  package mutating func addHead() {
    for row in 0..<rowCount {
      let range = row * positionCount..<(row + 1) * positionCount
      let sum = LogSum.of(scores[range])
      for index in range { scores[index] = expf(scores[index] - sum) }
    }
    for position in 0..<positionCount { standardise(position) }
    for row in 0..<rowCount {
      let first = row * positionCount
      for position in 0..<positionCount {
        values[first + position] += median(around: position, first: first)
      }
    }
    headCount += 1
  }

  /// What is unusual among the tokens at a position.
  private func standardise(_ position: Int) {
    let count = Double(rowCount)
    var (mean, variance) = (0.0, 0.0)
    for row in 0..<rowCount { mean += Double(scores[row * positionCount + position]) }
    mean /= count
    for row in 0..<rowCount {
      let difference = Double(scores[row * positionCount + position]) - mean
      variance += difference * difference
    }
    let deviation = (variance / count).squareRoot()
    for row in 0..<rowCount {
      let place = row * positionCount + position
      scores[place] = deviation > 0 ? Float((Double(scores[place]) - mean) / deviation) : 0
    }
  }

  /// The median of the weights around a position of the row that begins at `first`, which is
  /// mirrored at both ends.
  private mutating func median(around position: Int, first: Int) -> Float {
    let half = Self.medianCount / 2
    guard positionCount > half else { return scores[first + position] }
    for index in 0..<Self.medianCount {
      let inside = abs(position - half + index)
      let value = scores[
        first + (inside < positionCount ? inside : 2 * positionCount - 2 - inside)]
      // Sorted as they come.
      var place = index
      while place > 0, window[place - 1] > value {
        window[place] = window[place - 1]
        place -= 1
      }
      window[place] = value
    }
    return window[half]
  }

  /// Where each of the rows `range` begins, in positions: the cheapest way through them that goes
  /// forward in both (dynamic time warping).
  ///
  /// - Parameter isCancelled: is asked at each position; true ends with `CancellationError`.
  package func starts(
    of range: Range<Int>, isCancelled: () -> Bool
  ) throws(CancellationError) -> [Int] {
    let (rows, columns) = (range.count, positionCount)
    // Of the position before and of this one.
    var before = [Float](repeating: .infinity, count: rows + 1)
    var costs = before
    before[0] = 0
    // How each place is reached.
    var steps = [UInt8](repeating: 0, count: (rows + 1) * (columns + 1))
    let count = Float(max(1, headCount))
    for column in 1...columns {
      if isCancelled() { throw CancellationError() }
      for row in 1...rows {
        let (both, up, left) = (before[row - 1], costs[row - 1], before[row])
        let (least, step): (Float, UInt8) =
          both < up && both < left ? (both, 0) : up < both && up < left ? (up, 1) : (left, 2)
        costs[row] =
          least - values[(range.lowerBound + row - 1) * columns + column - 1] / count
        steps[row * (columns + 1) + column] = step
      }
      // A way begins at the first position alone.
      before[0] = .infinity
      swap(&before, &costs)
    }
    var starts = [Int](repeating: 0, count: rows)
    var (row, column) = (rows, columns)
    while row > 0 {
      // The last one that is written is the first position of the row.
      starts[row - 1] = max(0, column - 1)
      switch column == 0 ? 1 : steps[row * (columns + 1) + column] {
      case 0: (row, column) = (row - 1, column - 1)
      case 1: row -= 1
      default: column -= 1
      }
    }
    return starts
  }
}
