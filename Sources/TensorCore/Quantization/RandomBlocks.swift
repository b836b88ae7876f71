// Weights drawn at random, as blocks that every reader takes.

package import KernelInterface
import KernelsPortable

/// Draws weights of a format: all bits of a block by chance, but for the scales in half precision,
/// which give the weights the wished deviation and a mean near 0.
///
/// Reading them takes as long as reading real ones, and drawing takes no search for scales.
package struct RandomBlocks: Sendable {
  package let format: TensorFormat
  /// What the halves of a block are: their places and values.
  private let halves: [(offset: Int, value: UInt16)]
  private let deviation: Float

  /// The formats that can be drawn.
  package static let formats = TensorFormat.allCases.filter { scales(of: $0) != nil }

  /// - Parameters:
  ///   - format: one of ``formats``.
  ///   - deviation: the standard deviation of the weights, within what half precision holds.
  package init(_ format: TensorFormat, deviation: Float) {
    self.format = format
    self.deviation = deviation
    guard let scales = Self.scales(of: format) else {
      preconditionFailure("\(format) cannot be drawn")
    }
    // What the blocks give with a scale of 1 is measured; weights are proportional to it.
    let ones = scales.map { (offset: $0.offset, value: Float16($0.ratio).bitPattern) }
    let unit = scales.isEmpty ? 1 : Self.deviation(of: format, ones)
    halves = scales.map {
      (offset: $0.offset, value: Float16($0.ratio * deviation / unit).bitPattern)
    }
  }

  /// Fills whole blocks at `target`. The same generator state gives the same bytes.
  package func fill(_ target: UnsafeMutableRawBufferPointer, _ generator: inout XorShift) {
    if halves.isEmpty { return fillNumbers(target, &generator) }
    Self.fill(target, format, halves, &generator)
  }

  /// Where a block has scales in half precision, and how they relate; none for plain numbers, nil for
  /// formats without such scales.
  ///
  /// Where a format subtracts a minimum, the minimum is what half of the largest quant is worth.
  private static func scales(of format: TensorFormat) -> [(offset: Int, ratio: Float)]? {
    switch format {
    case .F32, .F16, .BF16: []
    case .Q4_0, .Q5_0, .Q8_0, .IQ4_NL, .IQ4_XS: [(0, 1)]
    case .Q4_1: [(0, 1), (2, -7.5)]
    case .Q5_1: [(0, 1), (2, -15.5)]
    case .Q2_K: [(80, 1), (82, 1.5)]
    case .Q3_K: [(108, 1)]
    case .Q4_K: [(0, 1), (2, 7.5)]
    case .Q5_K: [(0, 1), (2, 15.5)]
    case .Q6_K: [(208, 1)]
    default: nil
    }
  }

  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, _ format: TensorFormat,
    _ halves: [(offset: Int, value: UInt16)], _ generator: inout XorShift
  ) {
    generator.fill(target)
    for block in stride(from: 0, to: target.count, by: format.blockBytes) {
      for half in halves {
        target.storeBytes(of: half.value, toByteOffset: block + half.offset, as: UInt16.self)
      }
    }
  }

  private static func deviation(
    of format: TensorFormat, _ halves: [(offset: Int, value: UInt16)]
  ) -> Float {
    let blocks = 64
    var generator = XorShift(seed: 1)
    var bytes = [UInt8](repeating: 0, count: blocks * format.blockBytes)
    var values = [Float](repeating: 0, count: blocks * format.blockElements)
    bytes.withUnsafeMutableBytes { fill($0, format, halves, &generator) }
    bytes.withUnsafeBytes { bytes in
      values.withUnsafeMutableBufferPointer {
        dequantise(format, bytes.baseAddress!, count: $0.count, into: $0.baseAddress!)
      }
    }
    return (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
  }

  /// Plain numbers: the sum of four even ones, near the normal distribution.
  private func fillNumbers(
    _ target: UnsafeMutableRawBufferPointer, _ generator: inout XorShift
  ) {
    // Four of 16 bits have a deviation of 65536 × √(4 / 12).
    let scale = deviation / (65_536 * (4.0 / 12).squareRoot())
    for offset in stride(from: 0, to: target.count, by: format.blockBytes) {
      let bits = generator.next()
      var sum: Float = -2 * 65_535
      for part in 0..<UInt64(4) { sum += Float(bits >> (16 * part) & 0xFFFF) }
      let value = sum * scale
      switch format {
      case .F32: target.storeBytes(of: value, toByteOffset: offset, as: Float.self)
      case .F16: target.storeBytes(of: Float16(value), toByteOffset: offset, as: Float16.self)
      default:
        target.storeBytes(
          of: UInt16(truncatingIfNeeded: value.bitPattern >> 16), toByteOffset: offset,
          as: UInt16.self)
      }
    }
  }
}

/// A fast generator that can be repeated: xorshift64* (Vigna 2016), its state drawn by SplitMix64.
package struct XorShift: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    var z = seed &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    state = z ^ z >> 31 | 1
  }

  package mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_f491_4f6c_dd1d
  }

  mutating func fill(_ target: UnsafeMutableRawBufferPointer) {
    let whole = target.count / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8) {
      target.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
    }
    guard whole < target.count else { return }
    let last = next()
    for offset in whole..<target.count {
      target[offset] = UInt8(truncatingIfNeeded: last >> UInt64(8 * (offset - whole)))
    }
  }
}
