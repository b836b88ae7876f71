// A cache of one head, filled through the kernel, beside the numbers that it holds.

import KernelInterface
import TensorCore
import TestSupport

/// Keys and values of one head that the format holds exactly.
final class TestCache {
  let shape: CacheShape
  let blocks: TestBuffer
  /// Where each block lies.
  let table: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private(set) var keys: [[Float]]
  private(set) var values: [[Float]]

  /// Bytes from block to block: another head lies between.
  var blockStride: Int { 2 * shape.headBytes }

  var largestValue: Float { values.joined().reduce(0) { max($0, abs($1)) } }

  init(
    _ format: CacheFormat, keyLength: Int, valueLength: Int, positions: Int, _ set: InstructionSet,
    _ random: inout SeededGenerator
  ) {
    shape = CacheShape(format: format, keyLength: keyLength, valueLength: valueLength)
    let count = (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
    blocks = TestBuffer(count * 2 * shape.headBytes, filledWith: 0)
    table = .allocate(capacity: count)
    for block in 0..<count {
      (table + block).initialize(to: blocks.base + block * 2 * shape.headBytes)
    }
    keys = (0..<positions).map { _ in Self.row(keyLength, format, &random) }
    values = (0..<positions).map { _ in Self.row(valueLength, format, &random) }
    for position in 0..<positions {
      write(position, key: keys[position], value: values[position], set)
    }
  }

  deinit { table.deallocate() }

  /// Values within ±4: halves, or bytes times a scale of 2^-5, which the largest byte of each group
  /// makes sure of.
  static func row(
    _ length: Int, _ format: CacheFormat, _ random: inout SeededGenerator
  ) -> [Float] {
    guard format == .Q8_0 else { return random.halfFloats(length) }
    return (0..<length).map { index in
      let isFirst = index % cacheGroupLength == 0
      let quant = isFirst ? -127 : Int.random(in: -127...127, using: &random)
      return Float(quant) / 32
    }
  }

  /// Writes a position.
  func write(_ position: Int, key: [Float], value: [Float], _ set: InstructionSet) {
    keys[position] = key
    values[position] = value
    set.kernels.append(
      shape, key, value, blocks.base + position / cacheBlockPositionCount * blockStride,
      position % cacheBlockPositionCount)
  }
}
