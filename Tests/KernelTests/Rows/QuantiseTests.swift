// Quantisation of activations: 32 values in a cache line, with the sums that products need.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct QuantiseTests {
  /// Rounding may fall on the other side of a tie: half a quantum, and what the products with the
  /// scale and its inverse add to quants of up to 127.
  static let largestError = 0.5 + 3 * 127 * Float.unitRoundoff

  @Test("Values are off by half a quantum at most", arguments: availableSets)
  func errorsAreHalfAQuantum(set: InstructionSet) {
    var random = SeededGenerator(seed: 1)
    for bound: Float in [1e-30, 1e-3, 1, 1_000, 1e30] {
      let rows = (0..<3).map { _ in random.floats(96, within: bound) }
      let output = quantised(rows, set)
      for (row, values) in rows.enumerated() {
        for (index, part) in blocks(of: values).enumerated() {
          let block = Block(row * 3 + index, of: output)
          let largest = part.reduce(0) { max($0, abs($1)) }
          #expect(block.scale == largest / 127)
          for (value, quant) in zip(part, block.quants) {
            let error = abs(Double(value) / Double(block.scale) - Double(quant))
            #expect(error <= Self.largestError, "\(value) became \(quant) × \(block.scale)")
          }
        }
      }
    }
  }

  @Test("The largest value of a block becomes 127", arguments: availableSets)
  func largestBecomes127(set: InstructionSet) {
    for place in 0..<32 {
      var row = [Float](repeating: 0.25, count: 32)
      row[place] = place % 2 == 0 ? 3 : -3
      let block = Block(0, of: quantised([row], set))
      #expect(block.quants[place] == (place % 2 == 0 ? 127 : -127))
      #expect(block.quants.filter { abs($0) != 11 }.count == 1)
    }
  }

  @Test("The sums are those of the quants", arguments: availableSets)
  func sumsAreThoseOfTheQuants(set: InstructionSet) {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<50 {
      check(Block(0, of: quantised([random.floats(32)], set)))
    }
    for value: Float in [1, -1] {
      check(Block(0, of: quantised([[Float](repeating: value, count: 32)], set)))
    }
  }

  @Test("Four blocks share the scale of their largest value", arguments: availableSets)
  func sharedScales(set: InstructionSet) {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<20 {
      let row = (0..<8).flatMap { random.floats(32, within: Float(1 << $0)) }
      let output = quantised([row], set, .fourBlocks)
      for (index, part) in blocks(of: row).enumerated() {
        let block = Block(index, of: output)
        let shared = row[index / 4 * 128..<index / 4 * 128 + 128]
        #expect(block.scale == shared.reduce(0) { max($0, abs($1)) } / 127)
        for (value, quant) in zip(part, block.quants) {
          let error = abs(Double(value) / Double(block.scale) - Double(quant))
          #expect(error <= Self.largestError, "\(value) became \(quant) × \(block.scale)")
        }
        check(block)
      }
    }
  }

  @Test("Blocks stand as far apart as they are asked to", arguments: availableSets)
  func blocksStandApart(set: InstructionSet) {
    var random = SeededGenerator(seed: 3)
    let row = random.floats(128)
    let output = TestBuffer(4 * 4 * ActivationBlock.stride)
    set.kernels.quantise(row, 128, .block, output.base, 4 * ActivationBlock.stride)
    let dense = quantised([row], set)
    for block in 0..<4 {
      #expect(Block(4 * block, of: output).quants == Block(block, of: dense).quants)
      #expect(output.floats((4 * block + 1) * 16, 16).bits.allSatisfy { $0 == 0xA5A5_A5A5 })
    }
  }

  @Test("A row of zeros becomes zeros", arguments: availableSets)
  func zeros(set: InstructionSet) {
    let block = Block(0, of: quantised([[Float](repeating: -0.0, count: 32)], set))
    #expect(block.quants == [Int](repeating: 0, count: 32))
    #expect(block.scale == 0 && block.scaledSum == 0 && block.sums == [0, 0, 0, 0, 0])
  }

  @Test("Values too small for a quantum become almost nothing", arguments: availableSets)
  func tinyValues(set: InstructionSet) {
    for value: Float in [.leastNonzeroMagnitude, 3e-37, .leastNormalMagnitude] {
      var row = [Float](repeating: 0, count: 32)
      row[3] = value
      let block = Block(0, of: quantised([row], set))
      for (index, quant) in block.quants.enumerated() {
        #expect(abs(Float(quant) * block.scale - row[index]) <= value, "\(value)")
      }
      check(block)
    }
  }

  @Test("NaN and infinity do not stop the program or touch other blocks", arguments: availableSets)
  func notFinite(set: InstructionSet) {
    for value: Float in [.nan, .infinity, -.infinity, .signalingNaN] {
      for place in [0, 15, 16, 31] {
        var row = [Float](repeating: 1, count: 96)
        row[32 + place] = value
        let output = quantised([row], set)
        for other in [0, 2] {
          let block = Block(other, of: output)
          #expect(block.quants == [Int](repeating: 127, count: 32))
        }
      }
    }
  }

  private func check(_ block: Block) {
    let low = block.quants[..<16].reduce(0, +)
    let high = block.quants[16...].reduce(0, +)
    let sum = low + high
    #expect(block.sums == [-8 * sum, -16 * sum, -128 * sum, -32 * low, -32 * high])
    #expect(block.scaledSum == block.scale * Float(sum))
    #expect(block.sum == Float(sum))
  }

  private func blocks(of row: [Float]) -> [[Float]] {
    stride(from: 0, to: row.count, by: blockElementCount).map {
      Array(row[$0..<$0 + blockElementCount])
    }
  }

  /// Rows side by side.
  private func quantised(
    _ rows: [[Float]], _ set: InstructionSet, _ scaling: ActivationScaling = .block
  ) -> TestBuffer {
    let columns = rows[0].count
    let output = TestBuffer(rows.count * columns / blockElementCount * ActivationBlock.stride)
    let rowBytes = columns / blockElementCount * ActivationBlock.stride
    for (index, row) in rows.enumerated() {
      set.kernels.quantise(
        row, columns, scaling, output.base + index * rowBytes, ActivationBlock.stride)
    }
    return output
  }

  /// One quantised block, read.
  private struct Block {
    let quants: [Int]
    let scale: Float
    let scaledSum: Float
    let sum: Float
    /// What sums begin with, for zero points of 8, 16, 128, and 32 of each half.
    let sums: [Int]

    init(_ index: Int, of buffer: TestBuffer) {
      let line = buffer.base + index * ActivationBlock.stride
      defer { withExtendedLifetime(buffer) {} }
      quants = (0..<32).map { Int(line.load(fromByteOffset: $0, as: Int8.self)) }
      scale = line.load(fromByteOffset: ActivationBlock.scale, as: Float.self)
      scaledSum = line.load(fromByteOffset: ActivationBlock.scaledSum, as: Float.self)
      sum = line.load(fromByteOffset: ActivationBlock.sum, as: Float.self)
      sums = [
        ActivationBlock.zeroPoint8, ActivationBlock.zeroPoint16, ActivationBlock.zeroPoint128,
        ActivationBlock.lowZeroPoint32, ActivationBlock.highZeroPoint32,
      ].map { Int(line.load(fromByteOffset: $0, as: Int32.self) - IntegerSum.zero) }
    }
  }
}
