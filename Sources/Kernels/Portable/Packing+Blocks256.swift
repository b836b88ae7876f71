// Packing the formats of 256 weights a block.

import KernelInterface

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
func packScaled(
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
      spreadBits(bits, target + 288, row)
    }
  }
}

@inline(__always)
func packQ6_K(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
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
    packPairs(upper, upperShift, target + 288, row)
  }
}

@inline(__always)
func packQ2_K(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  copyHalf(from + 80, to, row)
  copyHalf(from + 82, to + 32, row)
  for part in 0..<8 {
    let target = to + 64 + part * 160
    for half in 0..<2 {
      target.storeBytes(
        of: from.byte(2 * part + half), toByteOffset: 16 * half + row, as: UInt8.self)
    }
    packPairs(from + 16 + part / 4 * 32, UInt32(part % 4 * 2), target + 32, row)
  }
}

@inline(__always)
func packQ3_K(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  copyHalf(from + 108, to, row)
  for part in 0..<8 {
    let target = to + 32 + part * 224
    for half in 0..<2 {
      target.storeBytes(
        of: scaleQ3_K(from + 96, 2 * part + half), toByteOffset: 16 * half + row, as: Int8.self)
    }
    packPairs(from + 32 + part / 4 * 32, UInt32(part % 4 * 2), target + 32, row)
    var bits: UInt32 = 0
    for column in 0..<32 {
      bits |= UInt32(from.byte(column) &>> UInt8(truncatingIfNeeded: part) & 1) << UInt32(column)
    }
    spreadBits(bits, target + 160, row)
  }
}

@inline(__always)
func packIQ4_XS(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ row: Int) {
  copyHalf(from, to, row)
  for part in 0..<8 {
    let target = to + 32 + part * 272
    target.storeBytes(of: scaleIQ4_XS(from, part), toByteOffset: row, as: Int8.self)
    copyWords(from + 8 + 16 * part, target + 16, row, 4)
  }
}

/// Puts the bit pairs at `shift` of 32 bytes in their places of two vectors of words.
@inline(__always)
private func packPairs(
  _ bytes: UnsafeRawPointer, _ shift: UInt32, _ to: UnsafeMutableRawPointer, _ row: Int
) {
  for half in 0..<2 {
    var word: UInt32 = 0
    for group in 0..<4 {
      let four = bytes.loadUnaligned(fromByteOffset: 16 * half + 4 * group, as: UInt32.self)
      word |= ((four >> shift) & 0x0303_0303) << UInt32(2 * group)
    }
    (to + half * 64).storeBytes(of: word, toByteOffset: row * 4, as: UInt32.self)
  }
}
