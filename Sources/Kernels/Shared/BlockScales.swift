// Scales that stored blocks spread over bits of several bytes; packing and dequantising read them alike.

extension UnsafeRawPointer {
  /// The unsigned byte at `offset`.
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}

/// Scale `group`, less 32, of the 12 bytes of a Q3_K block: four bits in a nibble of byte `group` mod
/// 8, two in byte 8 + `group` mod 4.
@inline(__always)
func scaleQ3_K(_ packed: UnsafeRawPointer, _ group: Int) -> Int8 {
  let low = packed.byte(group % 8) &>> UInt8(truncatingIfNeeded: group / 8 * 4) & 15
  let high = packed.byte(8 + group % 4) &>> UInt8(truncatingIfNeeded: group / 4 * 2) & 3
  return Int8(truncatingIfNeeded: low | high << 4) &- 32
}

/// Scale `run`, less 32, of an IQ4_XS block: four bits in a nibble of bytes 4 to 7, two in bytes 2 and 3.
@inline(__always)
func scaleIQ4_XS(_ block: UnsafeRawPointer, _ run: Int) -> Int8 {
  let low = block.byte(4 + run / 2) &>> UInt8(truncatingIfNeeded: run % 2 * 4) & 15
  let upper = block.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
  let high = UInt8(truncatingIfNeeded: upper &>> UInt16(truncatingIfNeeded: 2 * run) & 3)
  return Int8(truncatingIfNeeded: low | high << 4) &- 32
}
