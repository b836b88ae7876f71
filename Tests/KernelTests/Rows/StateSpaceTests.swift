// A state space with one decay for a head against Double mathematics, and the same bits on every set.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct StateSpaceTests {
  private static let (fade, step, skip): (Float, Float, Float) = (0.75, 0.625, -0.5)

  /// A matrix and outputs after one token.
  private func apply(
    _ set: InstructionSet, _ matrix: [Float], length: Int, _ write: [Float], _ read: [Float],
    _ value: [Float]
  ) -> (matrix: [Float], output: [Float]) {
    var matrix = matrix
    var output = [Float](repeating: .nan, count: value.count + 1)
    matrix.withUnsafeMutableBufferPointer { matrix in
      output.withUnsafeMutableBufferPointer { output in
        set.kernels.stateSpace(
          StateSpaceCall(
            matrix: matrix.baseAddress!, rowCount: value.count, length: length, write: write,
            read: read, value: value, output: output.baseAddress!, fade: Self.fade,
            step: Self.step, skip: Self.skip))
      }
    }
    return (matrix, output)
  }

  @Test(
    "A token fades a matrix, writes to it and reads it", arguments: [8, 16, 40, 128],
    [1, 3, 4, 5, 18])
  func oneToken(length: Int, rows: Int) {
    var random = SeededGenerator(seed: UInt64(length * rows))
    let matrix = random.floats(rows * length)
    let (write, read) = (random.floats(length), random.floats(length))
    let value = random.floats(rows)
    let first = apply(.portable, matrix, length: length, write, read, value)
    #expect(first.output.last?.isNaN == true, "nothing is written behind the outputs")
    for row in 0..<rows {
      var kept = matrix[row * length..<(row + 1) * length].map { Double($0) * Double(Self.fade) }
      for n in 0..<length { kept[n] += Double(Self.step) * Double(value[row]) * Double(write[n]) }
      let told = zip(kept, read).reduce(0.0) { $0 + $1.0 * Double($1.1) }
      let output = told + Double(Self.skip) * Double(value[row])
      #expect(abs(Double(first.output[row]) - output) < 1e-5)
      for n in 0..<length { #expect(abs(Double(first.matrix[row * length + n]) - kept[n]) < 1e-6) }
    }
    for set in availableSets {
      let found = apply(set, matrix, length: length, write, read, value)
      #expect(found.matrix.bits == first.matrix.bits)
      #expect(
        found.output.dropLast().map(\.bitPattern) == first.output.dropLast().map(\.bitPattern))
      // A row does not depend on how many are taken at a time.
      for row in 0..<rows {
        let alone = apply(
          set, Array(matrix[row * length..<(row + 1) * length]), length: length, write, read,
          [value[row]])
        #expect(alone.output[0].bitPattern == found.output[row].bitPattern)
        #expect(alone.matrix.bits == Array(found.matrix[row * length..<(row + 1) * length]).bits)
      }
    }
  }
}
