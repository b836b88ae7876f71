// The heads that follow what is said, and what they look at.

import TensorCore
import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Heads of cross-attention whose weights tell when a token was said. Files do not name them.
struct AlignmentHeads: Sendable {
  /// In order of layers.
  let heads: [(layer: Int, head: Int)]

  /// Those that OpenAI chose for tiny.en, base, medium, large-v3 and turbo; of other shapes all heads of
  /// the later half of the layers, as OpenAI's program takes them where it knows none.
  init(_ h: SpeechHyperparameters, isMultilingual: Bool) {
    switch (h.textLayerCount, h.textHeadCount, isMultilingual) {
    case (4, 6, false):
      heads = [(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]
    case (6, 8, true):
      heads = [(3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6)]
    case (24, 16, true):
      heads = [(13, 15), (15, 4), (15, 15), (16, 1), (20, 0), (23, 4)]
    case (32, 20, true) where h.bandCount == 128:
      heads = [
        (7, 0), (10, 17), (12, 18), (13, 12), (16, 1), (17, 14), (19, 11), (21, 4), (24, 1),
        (25, 6),
      ]
    case (4, 20, true):
      heads = [(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)]
    default:
      heads = (h.textLayerCount / 2..<h.textLayerCount).flatMap { layer in
        (0..<h.textHeadCount).map { (layer, $0) }
      }
    }
  }

  /// The heads of a layer.
  func heads(of layer: Int) -> [Int] { heads.filter { $0.layer == layer }.map(\.head) }
}

/// What tokens look at, each in a row of weights over positions of the sound.
struct AlignmentWeights {
  let rowCount: Int
  let positionCount: Int
  /// The sum over heads, `[rows, positions]`, of which `starts` takes the mean.
  private(set) var values: [Float]
  private var headCount = 0

  /// Positions of which the median is taken: one and as many on either side.
  private static let medianCount = 7

  init(rowCount: Int, positionCount: Int) {
    (self.rowCount, self.positionCount) = (rowCount, positionCount)
    values = Array(repeating: 0, count: rowCount * positionCount)
  }

  /// Adds a head's scores `[rows, positions]`: softmax over positions, then what is unusual among
  /// the tokens, smoothed by a median.
  mutating func add(scores: [Float]) {
    var weights = scores
    for row in 0..<rowCount {
      let range = row * positionCount..<(row + 1) * positionCount
      let sum = LogSum.of(weights[range])
      for index in range { weights[index] = expf(weights[index] - sum) }
    }
    for position in 0..<positionCount {
      let column = (0..<rowCount).map { Double(weights[$0 * positionCount + position]) }
      let mean = column.reduce(0, +) / Double(rowCount)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rowCount)
      let deviation = variance.squareRoot()
      for row in 0..<rowCount {
        let value = deviation > 0 ? (column[row] - mean) / deviation : 0
        weights[row * positionCount + position] = Float(value)
      }
    }
    for row in 0..<rowCount {
      addMedians(Array(weights[row * positionCount..<(row + 1) * positionCount]), row: row)
    }
    headCount += 1
  }

  private mutating func addMedians(_ weights: [Float], row: Int) {
    let half = Self.medianCount / 2
    for position in 0..<positionCount {
      guard positionCount > half else {
        values[row * positionCount + position] += weights[position]
        continue
      }
      // Mirrored at both ends.
      let window = (position - half...position + half).map { place in
        let inside = abs(place)
        return weights[inside < positionCount ? inside : 2 * positionCount - 2 - inside]
      }
      values[row * positionCount + position] += window.sorted()[half]
    }
  }

  /// Where each of the rows `range` begins, in positions: the cheapest way through them that goes
  /// forward in both (dynamic time warping).
  func starts(of range: Range<Int>) -> [Int] {
    let (rows, columns) = (range.count, positionCount)
    var costs = [Float](repeating: .infinity, count: (rows + 1) * (columns + 1))
    var steps = [UInt8](repeating: 0, count: (rows + 1) * (columns + 1))
    costs[0] = 0
    let count = Float(max(1, headCount))
    for column in 1...columns {
      for row in 1...rows {
        let place = row * (columns + 1) + column
        let both = costs[place - columns - 2]
        let up = costs[place - columns - 1]
        let left = costs[place - 1]
        let (least, step): (Float, UInt8) =
          both < up && both < left ? (both, 0) : up < both && up < left ? (up, 1) : (left, 2)
        let weight = values[(range.lowerBound + row - 1) * columns + column - 1] / count
        costs[place] = least - weight
        steps[place] = step
      }
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
