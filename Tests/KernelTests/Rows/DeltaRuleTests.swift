// The gated delta rule against Double mathematics, and the same bits on every instruction set.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct DeltaRuleTests {
  private static let (fade, strength, scale): (Float, Float, Float) = (0.75, 0.625, 0.25)

  /// A matrix and outputs after one token.
  private func apply(
    _ set: InstructionSet, _ matrix: [Float], length: Int, _ key: [Float], _ query: [Float],
    _ value: [Float]
  ) -> (matrix: [Float], output: [Float]) {
    var matrix = matrix
    var output = [Float](repeating: .nan, count: value.count + 1)
    matrix.withUnsafeMutableBufferPointer { matrix in
      output.withUnsafeMutableBufferPointer { output in
        set.kernels.deltaRule(
          DeltaCall(
            matrix: matrix.baseAddress!, rowCount: value.count, length: length, key: key,
            query: query, value: value, output: output.baseAddress!, fade: Self.fade,
            strength: Self.strength, scale: Self.scale))
      }
    }
    return (matrix, output)
  }

  @Test(
    "A token corrects what a matrix tells for its key", arguments: [8, 16, 40, 128],
    [1, 3, 4, 5, 18])
  func oneToken(length: Int, rows: Int) {
    var random = SeededGenerator(seed: UInt64(length * rows))
    let matrix = random.floats(rows * length)
    let (key, query) = (random.floats(length), random.floats(length))
    let value = random.floats(rows)
    let first = apply(.portable, matrix, length: length, key, query, value)
    #expect(first.output.last?.isNaN == true, "nothing is written behind the outputs")
    for row in 0..<rows {
      var kept = matrix[row * length..<(row + 1) * length].map { Double($0) * Double(Self.fade) }
      let told = zip(kept, key).reduce(0.0) { $0 + $1.0 * Double($1.1) }
      let correction = (Double(value[row]) - told) * Double(Self.strength)
      for n in 0..<length { kept[n] += correction * Double(key[n]) }
      let output = zip(kept, query).reduce(0.0) { $0 + $1.0 * Double($1.1) } * Double(Self.scale)
      #expect(abs(Double(first.output[row]) - output) < 1e-4)
      for n in 0..<length { #expect(abs(Double(first.matrix[row * length + n]) - kept[n]) < 1e-4) }
    }
    for set in availableSets {
      let found = apply(set, matrix, length: length, key, query, value)
      #expect(found.matrix.bits == first.matrix.bits)
      #expect(
        found.output.dropLast().map(\.bitPattern) == first.output.dropLast().map(\.bitPattern))
      // A row does not depend on how many are taken at a time.
      for row in 0..<rows {
        let alone = apply(
          set, Array(matrix[row * length..<(row + 1) * length]), length: length, key, query,
          [value[row]])
        #expect(alone.output[0].bitPattern == found.output[row].bitPattern)
        #expect(alone.matrix.bits == Array(found.matrix[row * length..<(row + 1) * length]).bits)
      }
    }
  }
}
