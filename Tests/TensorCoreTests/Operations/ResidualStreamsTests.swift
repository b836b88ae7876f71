// Operations on rows of several streams, beside plain sums in double precision.

import TensorCore
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct ResidualStreamsTests {
  /// Of sums of a few floats.
  private static let tolerance = 1e-5

  private let compute = Compute(instructionSet: .current, pool: WorkerPool(threadCount: 2))
  private let shape = StreamShape(count: 3, width: 21)

  private func rows(_ count: Int, _ width: Int, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in random.floats(width, within: 2) }
  }

  private func expectNear(_ found: [Float], _ expected: [Double]) {
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(abs(Double(found) - expected) <= Self.tolerance * max(1, abs(expected)))
    }
  }

  @Test("Streams are mixed as they were, and corrected towards one", arguments: [1, 2, 5])
  func mixture(count: Int) throws {
    let streams = rows(count, shape.total, seed: 1)
    let coefficients = rows(count, 9, seed: 2)
    let active = rows(count, shape.width, seed: 3)
    let found = try OwnedRows(streams)
    let scratch = try OwnedRows(count, stride: shape.total)
    let factors = try OwnedRows(coefficients)
    let change = try OwnedRows(active)
    compute.mixStreams(
      found.rows, shape, by: factors.rows, scratch: scratch.rows, rows: count)
    let mixed = (0..<count).map { row in
      (0..<shape.total).map { place in
        (0..<3).reduce(Double(streams[row][place])) { sum, other in
          sum + Double(coefficients[row][place / shape.width * 3 + other])
            * Double(streams[row][other * shape.width + place % shape.width])
        }
      }
    }
    for row in 0..<count { expectNear(found.values(shape.total)[row], mixed[row]) }

    compute.correctStreams(
      found.rows, shape, by: factors.rows, towards: change.rows, rows: count)
    compute.addToLaterStreams(change.rows, found.rows, shape, rows: count)
    for row in 0..<count {
      let expected = (0..<shape.total).map { place in
        let (stream, column) = (place / shape.width, place % shape.width)
        let change = Double(active[row][column]) - mixed[row][column]
        return mixed[row][place] + Double(coefficients[row][stream]) * change
          + (stream > 0 ? change : 0)
      }
      expectNear(found.values(shape.total)[row], expected)
    }
    withExtendedLifetime((found, scratch, factors, change)) {}
  }

  @Test("Coefficients are products of bounded scores")
  func coefficients() throws {
    let scores = rows(4, 3, seed: 4)
    let table = rows(1, 9, seed: 5)[0]
    let (input, output) = (try OwnedRows(scores), try OwnedRows(4, stride: 16))
    compute.weighStreams(
      input.rows, count: 3, factor: 0.5, by: try Vector(table), bias: 1, into: output.rows, rows: 4)
    for row in 0..<4 {
      expectNear(
        output.values(3)[row],
        (0..<3).map { index in
          (0..<3).reduce(1.0) {
            $0 + Double(table[index * 3 + $1]) * tanh(Double(scores[row][$1]) / 2)
          }
        })
    }
    withExtendedLifetime((input, output)) {}
  }

  @Test("Rows become as long as others, but for zeros", arguments: [1, 3, 4, 21])
  func lengths(width: Int) throws {
    var values = rows(3, width, seed: 6)
    values[1] = [Float](repeating: 0, count: width)
    let models = rows(3, width, seed: 7)
    let (target, model) = (try OwnedRows(values), try OwnedRows(models))
    compute.setLengths(of: target.rows, to: model.rows, columns: width, rows: 3)
    func length(_ row: [Float]) -> Double {
      row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    for row in 0..<3 {
      let factor = row == 1 ? 0 : length(models[row]) / length(values[row])
      expectNear(target.values(width)[row], values[row].map { factor * Double($0) })
    }
    withExtendedLifetime((target, model)) {}
  }

  @Test("What lies below a cut becomes 0", arguments: [1, 2, 7, 100])
  func cuts(width: Int) throws {
    let values = rows(3, width, seed: 8)
    let target = try OwnedRows(values)
    compute.cutBelow(0.5, target.rows, columns: width, rows: 3)
    for row in 0..<3 {
      let row = (values: values[row].map(Double.init), found: target.values(width)[row])
      let mean = row.values.reduce(0, +) / Double(width)
      let squares = row.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let cut = mean + 0.5 * (squares / Double(max(1, width - 1))).squareRoot()
      expectNear(row.found, row.values.map { max(0, $0 - cut) })
    }
    withExtendedLifetime(target) {}
  }

  @Test("A vector's values are factors on each row's")
  func factors() throws {
    let values = rows(3, 21, seed: 9)
    let factors = rows(1, 21, seed: 10)[0]
    let (source, target) = (try OwnedRows(values), try OwnedRows(3, stride: 32))
    compute.multiply(source.rows, by: try Vector(factors), into: target.rows, rows: 3)
    for row in 0..<3 {
      #expect(target.values(21)[row] == zip(values[row], factors).map { $0 * $1 })
    }
    withExtendedLifetime((source, target)) {}
  }
}
