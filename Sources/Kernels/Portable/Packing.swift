// Repacking: 16 rows of stored blocks become one panel, interleaved for the vector lanes.
//
// The source layouts are GGML's (`ggml-common.h`), the target layouts those of `PackedFormat`.

public import KernelInterface

/// Packs one panel.
///
/// - Parameters:
///   - stored: the format of the rows, one that has a layout.
///   - source: the first row; rows stand `rowBytes` apart.
///   - rowCount: rows that exist, 1...16; the rest of the panel becomes zero.
///   - columns: a multiple of the layout's `blockColumnCount`.
///   - panel: room for `columns / blockColumnCount × blockBytes` bytes.
public func packPanel(
  _ stored: TensorFormat, source: UnsafeRawPointer, rowBytes: Int, rowCount: Int, columns: Int,
  panel: UnsafeMutableRawPointer
) {
  guard let format = stored.layout else { return }
  let blockCount = columns / format.blockColumnCount
  if rowCount < panelRowCount {
    panel.initializeMemory(as: UInt8.self, repeating: 0, count: blockCount * format.blockBytes)
  }
  if format == .scaledBytes {
    for row in 0..<rowCount {
      packScaledBytes(stored, source + row * rowBytes, columns: columns, panel, row)
    }
    return
  }
  for row in 0..<rowCount {
    var from = source + row * rowBytes
    var to = panel
    for _ in 0..<blockCount {
      switch format {
      case .Q4_0, .IQ4_NL:
        copyHalf(from, to, row)
        copyWords(from + 2, to + 32, row, 4)
        from += 18
      case .Q4_1:
        copyHalf(from, to, row)
        copyHalf(from + 2, to + 32, row)
        copyWords(from + 4, to + 64, row, 4)
        from += 20
      case .Q5_0:
        copyHalf(from, to, row)
        copyWords(from + 6, to + 32, row, 4)
        spreadBits(from.loadUnaligned(fromByteOffset: 2, as: UInt32.self), to + 288, row)
        from += 22
      case .Q5_1:
        copyHalf(from, to, row)
        copyHalf(from + 2, to + 32, row)
        copyWords(from + 8, to + 64, row, 4)
        spreadBits(from.loadUnaligned(fromByteOffset: 4, as: UInt32.self), to + 320, row)
        from += 24
      case .Q8_0:
        copyHalf(from, to, row)
        for i in 0..<8 {
          let word = from.loadUnaligned(fromByteOffset: 2 + 4 * i, as: UInt32.self)
          (to + 32 + i * 64).storeBytes(
            of: word ^ 0x8080_8080, toByteOffset: row * 4, as: UInt32.self)
        }
        from += 34
      case .MXFP4:
        to.storeBytes(of: from.byte(0), toByteOffset: row, as: UInt8.self)
        copyWords(from + 1, to + 16, row, 4)
        from += 17
      case .Q2_K:
        packQ2_K(from, to, row)
        from += 84
      case .Q3_K:
        packQ3_K(from, to, row)
        from += 110
      case .IQ4_XS:
        packIQ4_XS(from, to, row)
        from += 136
      case .Q4_K:
        packScaled(from, to, row, hasFifthBits: false)
        from += 144
      case .Q5_K:
        packScaled(from, to, row, hasFifthBits: true)
        from += 176
      case .Q6_K:
        packQ6_K(from, to, row)
        from += 210
      case .F32:
        to.storeBytes(
          of: from.loadUnaligned(as: UInt32.self), toByteOffset: row * 4, as: UInt32.self)
        from += 4
      case .F16, .BF16:
        to.storeBytes(
          of: from.loadUnaligned(as: UInt16.self), toByteOffset: row * 2, as: UInt16.self)
        from += 2
      case .scaledBytes: break
      }
      to += format.blockBytes
    }
  }
}

/// Puts a 16-bit number in its row's place of 16.
@inline(__always)
func copyHalf(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  to.storeBytes(of: from.loadUnaligned(as: UInt16.self), toByteOffset: row * 2, as: UInt16.self)
}

/// Puts word `i` of a row in its place of vector `i`.
@inline(__always)
func copyWords(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int, _ count: Int
) {
  for i in 0..<count {
    let word = from.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
    (to + i * 64).storeBytes(of: word, toByteOffset: row * 4, as: UInt32.self)
  }
}

/// Puts bit `4 g + c` at bit `4 row + c` of mask `g`.
@inline(__always)
func spreadBits(_ bits: UInt32, _ to: UnsafeMutableRawPointer, _ row: Int) {
  for group in 0..<8 {
    let place = (to + group * 8).assumingMemoryBound(to: UInt64.self)
    let kept = row == 0 ? 0 : place.pointee
    place.pointee = kept | UInt64((bits >> UInt32(4 * group)) & 15) << UInt64(4 * row)
  }
}
