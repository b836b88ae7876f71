// Random weights of every layout, packed, with what they stand for.

import KernelInterface
import KernelsPortable
import TensorCore
import TestSupport

/// A matrix of a stored format with sane scales and any quants at all.
struct PackedWeights {
  /// How the quants are chosen; scales are always random.
  enum Content: CaseIterable {
    /// Any bytes.
    case random
    /// All bits of all quants, and of the scales of 256-column blocks, clear, or set.
    case lowest, highest
    /// Only the highest bit of each byte: the lowest value of Q8_0.
    case highestBits
  }

  let layout: PackedFormat
  let rowCount: Int
  let columnCount: Int
  /// What the weights are, `[rows][columns]`.
  let rows: [[Float]]
  let panelBytes: Int
  let panels: TestBuffer

  var panelCount: Int { (rowCount + panelRowCount - 1) / panelRowCount }

  init(
    _ stored: TensorFormat, rows rowCount: Int, columns: Int, content: Content = .random,
    seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let layout = stored.layout!
    let rowBytes = stored.rowBytes(elements: columns)!
    let source = (0..<rowCount).map { _ in
      Self.row(stored, columns: columns, content: content, &random)
    }
    self.layout = layout
    self.rowCount = rowCount
    columnCount = columns
    rows = source.map { bytes in
      var floats = [Float](repeating: .nan, count: columns)
      bytes.withUnsafeBytes { dequantise(stored, $0.baseAddress!, count: columns, into: &floats) }
      return floats
    }
    panelBytes = columns / layout.blockColumnCount * layout.blockBytes
    let panelCount = (rowCount + panelRowCount - 1) / panelRowCount
    panels = TestBuffer(panelCount * panelBytes)
    let joined =
      Array(source.joined())
      + Array(repeating: 0, count: (panelCount * panelRowCount - rowCount) * rowBytes)
    for panel in 0..<panelCount {
      joined.withUnsafeBytes { bytes in
        let call = PackingCall(
          format: stored, source: bytes.baseAddress! + panel * panelRowCount * rowBytes,
          rowBytes: rowBytes, columns: columns, panel: panels.base + panel * panelBytes)
        if layout == .scaledBytes { packScaledBytes(call) } else { portableKernels.pack(call) }
      }
    }
  }

  /// One row of blocks.
  private static func row(
    _ format: TensorFormat, columns: Int, content: Content, _ random: inout SeededGenerator
  ) -> [UInt8] {
    switch format {
    case .F32: return random.floats(columns).flatMap { bytes($0.bitPattern) }
    case .BF16: return random.floats(columns).flatMap { bytes(UInt16($0.bitPattern >> 16)) }
    case .F16: return (0..<columns).flatMap { _ in bytes(smallHalf(&random)) }
    default: break
    }
    return (0..<columns / format.blockElements).flatMap { _ in
      var block: [UInt8] =
        switch content {
        case .random: random.bytes(format.blockBytes)
        case .lowest: .init(repeating: 0, count: format.blockBytes)
        case .highest: .init(repeating: 0xFF, count: format.blockBytes)
        case .highestBits: .init(repeating: 0x80, count: format.blockBytes)
        }
      for offset in halfOffsets(format) {
        block.replaceSubrange(offset..<offset + 2, with: bytes(smallHalf(&random)))
      }
      switch format {
      // An exponent from 2^-7 to 2^2.
      case .MXFP4: block[0] = UInt8.random(in: 121...130, using: &random)
      // The half is spread over the upper nibbles of four words.
      case .IQ1_M:
        let scale = smallHalf(&random)
        for word in 0..<4 {
          let nibble = UInt8(truncatingIfNeeded: scale >> UInt16(4 * word)) & 15
          block[49 + 2 * word] = block[49 + 2 * word] & 15 | nibble << 4
        }
      // Scales are 8-bit floats, of which one is no number.
      case .NVFP4:
        for i in 0..<4 { block[i] = UInt8.random(in: 0x18...0x50, using: &random) }
      default: break
      }
      return block
    }
  }

  /// A half-precision number from 2^-9 to 2^-4, of either sign.
  private static func smallHalf(_ random: inout SeededGenerator) -> UInt16 {
    let sign = UInt16.random(in: 0...1, using: &random) << 15
    let exponent = UInt16.random(in: 6...10, using: &random) << 10
    return sign | exponent | UInt16.random(in: 0...1023, using: &random)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  /// Where a block keeps its half-precision scales and minimums.
  private static func halfOffsets(_ format: TensorFormat) -> [Int] {
    switch format {
    case .Q4_1, .Q5_1, .Q4_K, .Q5_K: [0, 2]
    case .Q2_K: [80, 82]
    case .Q3_K: [108]
    case .Q6_K: [208]
    case .TQ1_0: [52]
    case .TQ2_0: [64]
    case .MXFP4, .NVFP4, .IQ1_M: []
    default: [0]
    }
  }
}

extension InstructionSet {
  /// The product with `tokens` rows of activations: `[tokens, outputStride]`, by default without
  /// gaps. What the kernel does not write keeps the bytes A5.
  func product(
    _ weights: PackedWeights, panels: Range<Int>? = nil, _ activations: UnsafeRawPointer,
    layout: PanelProduct.Layout, tokens: Int, outputStride: Int? = nil
  ) -> [Float] {
    let panels = panels ?? 0..<weights.panelCount
    let outputStride = outputStride ?? panels.count * panelRowCount
    let output = TestBuffer(tokens * outputStride * 4)
    kernels.product(
      PanelProduct(
        format: weights.layout,
        panels: weights.panels.base + panels.lowerBound * weights.panelBytes,
        panelBytes: weights.panelBytes, panelCount: panels.count, columns: weights.columnCount,
        activations: activations, layout: layout, tokenCount: tokens,
        output: output.floats, outputStride: outputStride))
    return output.floats(0, tokens * outputStride)
  }
}
