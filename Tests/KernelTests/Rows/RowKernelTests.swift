// RMS norm and gated activations, against Double mathematics.

import Foundation
import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct RowKernelTests {
  /// Around the kernels' vectors of 16.
  static let counts = [1, 2, 15, 16, 17, 31, 32, 40, 64, 100, 576, 577]

  /// Relative error of a norm: half a rounding for each of the additions that follow one another,
  /// halved by the root, and a few at the end. Measured: 3.
  static let normRoundings = 16.0

  /// Roundings of a gated activation by its own size: the exponential's 2e-7 is 4 of them.
  static let gateRoundings = 16.0

  @Test("RMS norm is that of the numbers", arguments: availableSets, counts)
  func rmsNorm(set: InstructionSet, count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    for (bound, epsilon): (Float, Float) in [(1, 1e-5), (1e-6, 1e-6), (1e6, 0)] {
      let input = random.floats(count, within: bound)
      let weight = random.floats(count, within: 2)
      let expected = PlainKernels.rmsNorm(input, weight, epsilon: epsilon)
      var output = [Float](repeating: .nan, count: count + 1)
      set.kernels.rmsNorm(input, weight, count, epsilon, &output)
      #expect(output[count].isNaN, "nothing is written behind the row")
      for (found, expected) in zip(output, expected) {
        let tolerance = Self.normRoundings * Float.unitRoundoff * abs(expected)
        #expect(abs(Double(found) - expected) <= tolerance)
      }
      // In place, as residuals are added.
      var row = input
      row.withUnsafeMutableBufferPointer {
        set.kernels.rmsNorm($0.baseAddress!, weight, count, epsilon, $0.baseAddress!)
      }
      #expect(row.bits == Array(output.dropLast()).bits)
    }
  }

  @Test("The norm of zeros is zero as long as epsilon is not", arguments: availableSets)
  func normOfZeros(set: InstructionSet) {
    var output = [Float](repeating: .nan, count: 40)
    let zeros = [Float](repeating: 0, count: 40)
    set.kernels.rmsNorm(zeros, [Float](repeating: 2, count: 40), 40, 1e-6, &output)
    #expect(output == zeros)
  }

  @Test(
    "A gated activation is that of the numbers", arguments: availableSets,
    [Activation.silu, .geluTanh, .relu])
  func gatedActivation(set: InstructionSet, activation: Activation) {
    let function =
      switch activation {
      case .silu: PlainKernels.silu
      case .relu: PlainKernels.relu
      default: PlainKernels.geluTanh
      }
    var random = SeededGenerator(seed: 7)
    for (index, count) in Self.counts.enumerated() {
      let bound: Float = [0.01, 1, 8, 30][index % 4]
      let gate = random.floats(count, within: bound)
      let up = random.floats(count, within: 3)
      var output = gate + [.nan]
      set.kernels.gatedActivation(activation, &output, up, count)
      #expect(output[count].isNaN, "nothing is written behind the row")
      for (index, found) in output.dropLast().enumerated() {
        let x = Double(gate[index])
        let expected = function(x) * Double(up[index])
        // Roundings of the exponent's argument, whose size the exponential multiplies them with.
        let exponent = activation == .silu ? abs(x) : 1.6 * abs(x + 0.044715 * x * x * x)
        let roundings = Self.gateRoundings + 4 * exponent
        let tolerance = roundings * Float.unitRoundoff * abs(expected) + Self.vanishing
        #expect(abs(Double(found) - expected) <= tolerance, "gate \(x)")
      }
    }
  }

  @Test("GELU is that of the numbers", arguments: availableSets)
  func gelu(set: InstructionSet) {
    var random = SeededGenerator(seed: 9)
    for (index, count) in Self.counts.enumerated() {
      let gate = random.floats(count, within: [0.01, 1, 5, 30][index % 4])
      let up = random.floats(count, within: 3)
      var output = gate + [.nan]
      set.kernels.gatedActivation(.gelu, &output, up, count)
      #expect(output[count].isNaN, "nothing is written behind the row")
      for (index, found) in output.dropLast().enumerated() {
        let x = Double(gate[index])
        let expected = x / 2 * (1 + erf(x / 2.0.squareRoot())) * Double(up[index])
        let tolerance =
          3e-7 * abs(x * Double(up[index])) + 2 * Float.unitRoundoff * abs(expected)
        #expect(abs(Double(found) - expected) <= tolerance, "gate \(x)")
      }
    }
  }

  @Test("All sets give GELU the same bits")
  func geluAgrees() {
    var random = SeededGenerator(seed: 10)
    let gate = random.floats(1_003, within: 6)
    let results = availableSets.map { set in
      var output = gate
      set.kernels.gatedActivation(.gelu, &output, [Float](repeating: 1, count: 1_003), 1_003)
      return output.bits
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test("A clamped gate is that of the numbers", arguments: availableSets)
  func clampedGate(set: InstructionSet) {
    var random = SeededGenerator(seed: 8)
    for count in Self.counts {
      let gate = random.floats(count, within: 20)
      let up = random.floats(count, within: 20)
      var output = gate + [.nan]
      set.kernels.gatedActivation(.clampedSwish, &output, up, count)
      #expect(output[count].isNaN, "nothing is written behind the row")
      for index in 0..<count {
        let x = min(Double(gate[index]), 7)
        let expected =
          x / (1 + exp(-1.702 * x)) * (min(max(Double(up[index]), -7), 7) + 1)
        #expect(abs(Double(output[index]) - expected) <= 1e-5 * max(1, abs(expected)))
      }
    }
  }

  /// Below it the exponential gives zero instead of numbers that lose precision.
  static let vanishing = 1e-34

  @Test("Large gates pass or close, and none becomes NaN", arguments: availableSets)
  func largeGates(set: InstructionSet) {
    for activation in [Activation.silu, .geluTanh, .gelu, .relu] {
      for size: Float in [50, 88, 90, 1_000, 1e12] {
        var output = [Float](repeating: size, count: 16) + [Float](repeating: -size, count: 16)
        set.kernels.gatedActivation(activation, &output, [Float](repeating: 1, count: 32), 32)
        for value in output.prefix(16) { #expect(value == size) }
        for value in output.suffix(16) { #expect(abs(value) <= 1e-19 * size, "-\(size)") }
      }
    }
  }

  @Test("NaN stays NaN, infinity does not stop the program", arguments: availableSets)
  func notFinite(set: InstructionSet) {
    let one = [Float](repeating: 1, count: 32)
    for value: Float in [.nan, .infinity, -.infinity] {
      var output = one
      output[5] = value
      set.kernels.gatedActivation(.silu, &output, one, 32)
      #expect(!value.isNaN || output[5].isNaN)
      #expect(output[6].isFinite)
      var row = one
      row[5] = value
      set.kernels.rmsNorm(row, one, 32, 1e-6, &output)
      #expect(!output[5].isFinite)
    }
  }
}
