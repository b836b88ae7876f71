// Activations quantised by a plain twin, so that products are tested apart from quantisation.

import KernelInterface
import TestSupport

/// Rows of quantised activations `[tokens, columns]`.
struct QuantisedRows {
  enum Kind: CaseIterable {
    case random, largest, smallest, alternating, zero
  }

  let tokenCount: Int
  let columnCount: Int
  /// Block after block, row after row.
  private let blocks: TestBuffer

  /// Bytes of a row.
  private var stride: Int { columnCount / blockElementCount * ActivationBlock.stride }

  init(
    tokens: Int, columns: Int, _ scaling: ActivationScaling, kind: Kind = .random, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    tokenCount = tokens
    columnCount = columns
    blocks = TestBuffer(tokens * columns / blockElementCount * ActivationBlock.stride)
    var scale: Float = 0
    for index in 0..<tokens * columns / blockElementCount {
      let quants: [Int8] = (0..<blockElementCount).map { column in
        switch kind {
        case .random: Int8.random(in: -127...127, using: &random)
        case .largest: 127
        case .smallest: -127
        case .alternating: column % 2 == 0 ? 127 : -127
        case .zero: 0
        }
      }
      if kind != .zero, index % scaling.blockCount == 0 {
        scale = Float.random(in: 0.001...0.02, using: &random)
      }
      Self.write(quants, scale: scale, to: blocks.base + index * ActivationBlock.stride)
    }
  }

  /// The blocks of some rows, as products read them.
  func blocks(of tokens: Range<Int>) -> (blocks: TestBuffer, layout: ActivationLayout) {
    let layout = ActivationLayout(rows: tokens.count, columns: columnCount)
    let target = TestBuffer(
      ActivationLayout.byteCount(rows: tokens.count, columns: columnCount))
    for token in tokens {
      for block in 0..<columnCount / blockElementCount {
        let offset = layout.offset(row: token - tokens.lowerBound) + block * layout.blockStride
        (target.base + offset).copyMemory(
          from: blocks.base + token * stride + block * ActivationBlock.stride,
          byteCount: ActivationBlock.stride)
      }
    }
    return (target, layout)
  }

  /// The plain twin of what quantisation leaves behind the quants.
  private static func write(
    _ quants: [Int8], scale: Float, to block: UnsafeMutableRawPointer
  ) {
    let low = quants[..<16].reduce(Int32(0)) { $0 + Int32($1) }
    let high = quants[16...].reduce(Int32(0)) { $0 + Int32($1) }
    for (index, quant) in quants.enumerated() {
      block.storeBytes(of: quant, toByteOffset: ActivationBlock.quants + index, as: Int8.self)
    }
    block.storeBytes(of: scale, toByteOffset: ActivationBlock.scale, as: Float.self)
    block.storeBytes(
      of: scale * Float(low + high), toByteOffset: ActivationBlock.scaledSum, as: Float.self)
    block.storeBytes(of: Float(low + high), toByteOffset: ActivationBlock.sum, as: Float.self)
    for (offset, value) in [
      (ActivationBlock.zeroPoint8, -8 * (low + high)),
      (ActivationBlock.zeroPoint16, -16 * (low + high)),
      (ActivationBlock.zeroPoint128, -128 * (low + high)),
      (ActivationBlock.lowZeroPoint32, -32 * low), (ActivationBlock.highZeroPoint32, -32 * high),
    ] {
      block.storeBytes(of: IntegerSum.zero + value, toByteOffset: offset, as: Int32.self)
    }
  }

  /// What row `token` stands for.
  func floats(_ token: Int) -> [Float] {
    (0..<columnCount).map { column in
      let line = blocks.base + token * stride + column / blockElementCount * ActivationBlock.stride
      let quant = line.load(
        fromByteOffset: ActivationBlock.quants + column % blockElementCount, as: Int8.self)
      return Float(quant) * line.load(fromByteOffset: ActivationBlock.scale, as: Float.self)
    }
  }
}
