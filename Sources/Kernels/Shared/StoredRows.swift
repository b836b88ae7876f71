// Stored blocks of 16 rows, turned: vector `i` holds word `i` of each row. What packing does to a
// block it then does to 16 rows at once.

import KernelInterface

/// 16 rows' blocks at one place of the rows.
struct StoredRows {
  /// The first row's block.
  let base: UnsafeRawPointer
  /// Bytes from a row to the next.
  let rowBytes: Int

  @inline(__always)
  subscript(row: Int) -> UnsafeRawPointer { base + row * rowBytes }

  /// The 32-bit word at `offset` of each row.
  @inline(__always)
  func words(_ offset: Int) -> Words {
    var result = Words()
    for row in 0..<panelRowCount {
      result[row] = self[row].loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
    return result
  }

  /// Writes the 16-bit number at `offset` of each row.
  @inline(__always)
  func copyHalves(_ offset: Int, to target: UnsafeMutableRawPointer) {
    for row in 0..<panelRowCount {
      target.storeBytes(
        of: self[row].loadUnaligned(fromByteOffset: offset, as: UInt16.self),
        toByteOffset: 2 * row, as: UInt16.self)
    }
  }

  /// Writes `count` vectors of the words from `offset` on; `count` is a multiple of 4.
  @inline(__always)
  func turn(_ offset: Int, count: Int, into target: UnsafeMutableRawPointer) {
    for row in stride(from: 0, to: panelRowCount, by: 4) {
      let source = self[row] + offset
      let place = target + 4 * row
      for word in stride(from: 0, to: count, by: 4) {
        let a = (source + 4 * word).loadUnaligned(as: SIMD4<UInt32>.self)
        let b = (source + rowBytes + 4 * word).loadUnaligned(as: SIMD4<UInt32>.self)
        let c = (source + 2 * rowBytes + 4 * word).loadUnaligned(as: SIMD4<UInt32>.self)
        let d = (source + 3 * rowBytes + 4 * word).loadUnaligned(as: SIMD4<UInt32>.self)
        for i in 0..<4 {
          (place + 64 * (word + i)).storeBytes(
            of: SIMD4(a[i], b[i], c[i], d[i]), as: SIMD4<UInt32>.self)
        }
      }
    }
  }
}

@inline(__always)
func storeWords(_ words: Words, _ target: UnsafeMutableRawPointer) {
  target.storeBytes(of: words, as: Words.self)
}

/// The lowest byte of each lane.
@inline(__always)
func storeLowBytes(_ words: Words, _ target: UnsafeMutableRawPointer) {
  target.storeBytes(of: lowBytes(words), as: SIMD16<UInt8>.self)
}
