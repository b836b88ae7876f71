// Quantised blocks are near what they were made of, whatever that was.

import KernelInterface
import KernelsPortable
import TensorCore
import TestSupport
import Testing

@Suite struct WeightQuantiseTests {
  static let formats = TensorFormat.allCases.filter(\.canBeQuantisedTo)

  /// The weights after they were stored and read again.
  private func roundTrip(_ values: [Float], _ format: TensorFormat) -> [Float] {
    var bytes = [UInt8](repeating: 0xAA, count: format.rowBytes(elements: values.count)!)
    var result = [Float](repeating: .nan, count: values.count)
    bytes.withUnsafeMutableBytes {
      quantise(format, values, count: values.count, into: $0.baseAddress!)
    }
    bytes.withUnsafeBytes {
      dequantise(format, $0.baseAddress!, count: values.count, into: &result)
    }
    return result
  }

  /// Numbers of a normal distribution, roughly: sums of twelve even ones.
  private func normal(_ count: Int, deviation: Float, seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      deviation
        * (0..<12).reduce(0) { sum, _ in sum + Float.random(in: -0.5...0.5, using: &random) }
    }
  }

  /// Root mean square errors of weights of a normal distribution, by their deviation. At most a tenth
  /// more than what the seed below gives.
  static let bounds: [(TensorFormat, Double)] = [
    (.F32, 0), (.F16, 0.000215), (.BF16, 0.0018), (.Q8_0, 0.00505), (.Q6_K, 0.0182),
    (.Q5_K, 0.0352),
    (.Q5_1, 0.0340), (.Q5_0, 0.0424), (.Q4_K, 0.0710), (.Q4_1, 0.0748), (.Q4_0, 0.0866),
    (.IQ4_NL, 0.0756), (.IQ4_XS, 0.0774), (.Q3_K, 0.1500), (.Q2_K, 0.2640),
  ]

  @Test(arguments: bounds)
  func `the error of normal weights is below its bound`(format: TensorFormat, bound: Double) {
    let values = normal(64 * 256, deviation: 0.02, seed: 5)
    let error = roundTrip(values, format).normalisedSquaredError(from: values).squareRoot()
    #expect(error <= bound)
    // A bound far above what is reached would hide a fault.
    #expect(error >= bound * 0.9)
  }

  @Test(arguments: formats)
  func `zeros stay zeros`(format: TensorFormat) {
    let zeros = [Float](repeating: 0, count: 512)
    #expect(roundTrip(zeros, format).allSatisfy { $0 == 0 })
  }

  @Test(
    arguments: formats,
    [.leastNonzeroMagnitude, 1e-38, 1e-20, 1e-12, 1e-7, 1e-3, 1e3, 60_000, 1e30] as [Float])
  func `weights of any size stay finite and are not made larger`(
    format: TensorFormat, size: Float
  ) {
    var random = SeededGenerator(seed: 8)
    let values = (0..<512).map { _ in Float.random(in: -1...1, using: &random) * size }
    let found = roundTrip(values, format)
    #expect(found.allSatisfy { $0.isFinite })
    let largest = values.map(abs).max() ?? 0
    #expect(found.allSatisfy { abs($0) <= largest * 1.5 })
  }

  @Test(arguments: formats)
  func `an outlier does not spoil the other blocks`(format: TensorFormat) {
    var values = normal(1024, deviation: 0.02, seed: 9)
    values[300] = 5
    let found = roundTrip(values, format)
    let others = Array(values[512...])
    #expect(
      Array(found[512...]).normalisedSquaredError(from: others).squareRoot() < 0.3)
    #expect(abs(found[300] - 5) < 0.5)
  }

  @Test(arguments: [TensorFormat.Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .IQ4_NL])
  func `what a format holds exactly is found again`(format: TensorFormat) {
    // The levels of the format themselves, the lowest and the highest among them, with scales that
    // half precision holds.
    var random = SeededGenerator(seed: 10)
    let bytes = (0..<40).flatMap { _ in
      var block = random.bytes(format.blockBytes)
      for place in stride(from: 0, to: format == .Q4_1 || format == .Q5_1 ? 4 : 2, by: 2) {
        let half = Float16(Float.random(in: 0.01...0.1, using: &random)).bitPattern
        block[place] = UInt8(truncatingIfNeeded: half)
        block[place + 1] = UInt8(truncatingIfNeeded: half >> 8)
      }
      switch format {
      case .Q8_0:
        // Blocks have -128, which is not used.
        block = block.enumerated().map { $0 >= 2 && $1 == 0x80 ? 0x81 : $1 }
        (block[2], block[3]) = (0x81, 0x7F)
      case .Q5_0, .Q5_1:
        let high = format == .Q5_0 ? 2 : 4
        block[high] &= 0xFE
        block[high + 2] |= 1
        block[high + 4] = 0xF0
      default: block[format.blockBytes - 16] = 0xF0
      }
      return block
    }
    var values = [Float](repeating: 0, count: 40 * 32)
    bytes.withUnsafeBytes {
      dequantise(format, $0.baseAddress!, count: values.count, into: &values)
    }
    #expect(roundTrip(values, format).normalisedSquaredError(from: values).squareRoot() < 2e-3)
  }

  @Test(arguments: [(TensorFormat.Q4_0, -8, 7), (.Q5_0, -16, 15), (.Q8_0, -127, 127)])
  func `the search beats the plain way of the largest weight`(
    format: TensorFormat, low: Int, high: Int
  ) {
    let values = normal(128 * 32, deviation: 1, seed: 11)
    var plain: [Float] = []
    for start in stride(from: 0, to: values.count, by: 32) {
      let block = values[start..<start + 32]
      let peak = block.max { abs($0) < abs($1) } ?? 0
      let scale = Float(Float16(low == -high ? abs(peak) / Float(high) : peak / Float(low)))
      plain += block.map { min(max(($0 / scale).rounded(), Float(low)), Float(high)) * scale }
    }
    let found = roundTrip(values, format).normalisedSquaredError(from: values)
    #expect(found < plain.normalisedSquaredError(from: values))
  }

  @Test(arguments: formats)
  func `blocks do not depend on their neighbours`(format: TensorFormat) {
    let values = normal(1024, deviation: 0.5, seed: 12)
    let whole = roundTrip(values, format)
    let parts = stride(from: 0, to: 1024, by: 256).flatMap {
      roundTrip(Array(values[$0..<$0 + 256]), format)
    }
    #expect(whole.bits == parts.bits)
  }
}
