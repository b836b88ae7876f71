// Repacking: 16 rows of stored blocks become one panel, interleaved for the vector lanes.
//
// The source layouts are GGML's (`ggml-common.h`), the target layouts those of `PackedFormat`.

public import KernelInterface

/// Packs one panel.
///
/// - Parameters:
///   - format: the layout; the stored format is the GGML type of the same name.
///   - source: the first row; rows stand `rowBytes` apart.
///   - rowCount: rows that exist, 1...16; the rest of the panel becomes zero.
///   - columns: a multiple of `format.blockColumnCount`.
///   - panel: room for `columns / format.blockColumnCount × format.blockBytes` bytes.
public func packPanel(
  _ format: PackedFormat, source: UnsafeRawPointer, rowBytes: Int, rowCount: Int, columns: Int,
  panel: UnsafeMutableRawPointer
) {
  let blockCount = columns / format.blockColumnCount
  if rowCount < panelRowCount {
    panel.initializeMemory(as: UInt8.self, repeating: 0, count: blockCount * format.blockBytes)
  }
  for row in 0..<rowCount {
    var from = source + row * rowBytes
    var to = panel
    for _ in 0..<blockCount {
      switch format {
      case .Q4_0:
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
        spreadFifthBits(from.loadUnaligned(fromByteOffset: 2, as: UInt32.self), to + 288, row)
        from += 22
      case .Q5_1:
        copyHalf(from, to, row)
        copyHalf(from + 2, to + 32, row)
        copyWords(from + 8, to + 64, row, 4)
        spreadFifthBits(from.loadUnaligned(fromByteOffset: 4, as: UInt32.self), to + 320, row)
        from += 24
      case .Q8_0:
        copyHalf(from, to, row)
        for i in 0..<8 {
          let word = from.loadUnaligned(fromByteOffset: 2 + 4 * i, as: UInt32.self)
          (to + 32 + i * 64).storeBytes(
            of: word ^ 0x8080_8080, toByteOffset: row * 4, as: UInt32.self)
        }
        from += 34
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
      }
      to += format.blockBytes
    }
  }
}

/// Puts a 16-bit number in its row's place of 16.
@inline(__always)
private func copyHalf(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  to.storeBytes(of: from.loadUnaligned(as: UInt16.self), toByteOffset: row * 2, as: UInt16.self)
}

/// Puts word `i` of a row in its place of vector `i`.
@inline(__always)
private func copyWords(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int, _ count: Int
) {
  for i in 0..<count {
    let word = from.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
    (to + i * 64).storeBytes(of: word, toByteOffset: row * 4, as: UInt32.self)
  }
}

/// Puts bit `4 g + c` at bit `4 row + c` of mask `g`.
@inline(__always)
private func spreadFifthBits(_ bits: UInt32, _ to: UnsafeMutableRawPointer, _ row: Int) {
  for group in 0..<8 {
    let place = (to + group * 8).assumingMemoryBound(to: UInt64.self)
    let kept = row == 0 ? 0 : place.pointee
    place.pointee = kept | UInt64((bits >> UInt32(4 * group)) & 15) << UInt64(4 * row)
  }
}

/// The 6-bit scale and minimum of part `j` from the 12 bytes of a Q4_K or Q5_K block.
@inline(__always)
private func scaleAndMinimum(_ bytes: UnsafeRawPointer, _ j: Int) -> (UInt8, UInt8) {
  func byte(_ i: Int) -> UInt8 { bytes.load(fromByteOffset: i, as: UInt8.self) }
  if j < 4 { return (byte(j) & 63, byte(j + 4) & 63) }
  return (
    (byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4),
    (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4)
  )
}

@inline(__always)
private func packScaled(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int, hasFifthBits: Bool
) {
  copyHalf(from, to, row)
  copyHalf(from + 2, to + 32, row)
  let fifths = from + 16
  let nibbles = from + (hasFifthBits ? 48 : 16)
  let partBytes = hasFifthBits ? 352 : 288
  for part in 0..<8 {
    let target = to + 64 + part * partBytes
    let (scale, minimum) = scaleAndMinimum(from + 4, part)
    target.storeBytes(of: scale, toByteOffset: row, as: UInt8.self)
    target.storeBytes(of: minimum, toByteOffset: 16 + row, as: UInt8.self)
    let bytes = nibbles + (part / 2) * 32
    let shift = UInt32(part & 1) * 4
    for i in 0..<4 {
      let low = bytes.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self) >> shift
      let high = bytes.loadUnaligned(fromByteOffset: 4 * i + 16, as: UInt32.self) >> shift
      (target + 32 + i * 64).storeBytes(
        of: low & 0x0F0F_0F0F | (high & 0x0F0F_0F0F) << 4, toByteOffset: row * 4, as: UInt32.self)
    }
    if hasFifthBits {
      var bits: UInt32 = 0
      for column in 0..<32 {
        let bit = (fifths.load(fromByteOffset: column, as: UInt8.self) >> UInt8(part)) & 1
        bits |= UInt32(bit) << UInt32(column)
      }
      spreadFifthBits(bits, target + 288, row)
    }
  }
}

@inline(__always)
private func packQ6_K(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  copyHalf(from + 208, to, row)
  for part in 0..<8 {
    let target = to + 32 + part * 416
    let scales = from + 192 + part * 2
    target.storeBytes(of: scales.load(as: UInt8.self), toByteOffset: row, as: UInt8.self)
    target.storeBytes(
      of: scales.load(fromByteOffset: 1, as: UInt8.self), toByteOffset: 16 + row, as: UInt8.self)
    let half = part / 4
    let quarter = part % 4
    let lower = from + half * 64 + (quarter & 1) * 32
    let lowerShift = UInt32(quarter / 2) * 4
    let upper = from + 128 + half * 32
    let upperShift = UInt32(quarter) * 2
    for i in 0..<4 {
      let low = lower.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self) >> lowerShift
      let high = lower.loadUnaligned(fromByteOffset: 4 * i + 16, as: UInt32.self) >> lowerShift
      (target + 32 + i * 64).storeBytes(
        of: low & 0x0F0F_0F0F | (high & 0x0F0F_0F0F) << 4, toByteOffset: row * 4, as: UInt32.self)
    }
    for j in 0..<2 {
      var word: UInt32 = 0
      for s in 0..<4 {
        let bits = upper.loadUnaligned(fromByteOffset: 16 * j + 4 * s, as: UInt32.self)
        word |= ((bits >> upperShift) & 0x0303_0303) << UInt32(2 * s)
      }
      (target + 288 + j * 64).storeBytes(of: word, toByteOffset: row * 4, as: UInt32.self)
    }
  }
}
