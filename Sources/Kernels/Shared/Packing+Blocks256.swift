// Packing the formats of 256 weights a block.
//
// `words` is room for a block's words, turned.

import KernelInterface

/// The scales and minimums of part `j` of 16 Q4_K or Q5_K blocks, from their 12 bytes as words.
@inline(__always)
private func scalesAndMinimums(_ words: UnsafeRawPointer, _ j: Int) -> (Words, Words) {
  let shift = UInt32(truncatingIfNeeded: 8 * (j % 4))
  let first = loadWords(words) &>> shift
  let second = loadWords(words + 64) &>> shift
  if j < 4 { return (first & 63, second & 63) }
  let third = loadWords(words + 128) &>> shift
  return (
    third & 15 | (first &>> 6 & 3) &<< 4,
    third &>> 4 & 15 | (second &>> 6 & 3) &<< 4
  )
}

/// The nibbles at `shift` of eight vectors, those of two vectors in one.
@inline(__always)
private func packNibbles(
  _ words: UnsafeRawPointer, _ shift: UInt32, _ to: UnsafeMutableRawPointer
) {
  for i in 0..<4 {
    let low = (loadWords(words + 64 * i) &>> shift) & 0x0F0F_0F0F
    let high = (loadWords(words + 64 * (i + 4)) &>> shift) & 0x0F0F_0F0F
    storeWords(low | high &<< 4, to + 64 * i)
  }
}

/// The bit pairs at `shift` of eight vectors, those of four vectors in one.
@inline(__always)
private func packPairs(
  _ words: UnsafeRawPointer, _ shift: UInt32, _ to: UnsafeMutableRawPointer
) {
  for half in 0..<2 {
    var pairs = Words()
    for group in 0..<4 {
      let four = loadWords(words + 64 * (4 * half + group)) &>> shift
      pairs |= (four & 0x0303_0303) &<< UInt32(truncatingIfNeeded: 2 * group)
    }
    storeWords(pairs, to + 64 * half)
  }
}

/// Bit `bit` of the bytes of eight vectors, as the masks of a part.
@inline(__always)
private func packBits(_ words: UnsafeRawPointer, _ bit: UInt32, _ to: UnsafeMutableRawPointer) {
  for group in 0..<8 {
    to.storeBytes(
      of: lowestBits(loadWords(words + 64 * group) &>> bit),
      toByteOffset: 8 * group, as: UInt64.self)
  }
}

/// Packs Q4_K, or Q5_K, which has 32 bytes of fifth bits before its nibbles.
@inline(__always)
func packScaled(
  _ from: StoredRows, _ to: UnsafeMutableRawPointer, _ words: UnsafeMutableRawPointer,
  hasFifthBits: Bool
) {
  from.copyHalves(0, to: to)
  from.copyHalves(2, to: to + 32)
  from.turn(0, count: hasFifthBits ? 44 : 36, into: words)
  let nibbles = words + 64 * (hasFifthBits ? 12 : 4)
  for part in 0..<8 {
    let target = to + 64 + part * (hasFifthBits ? 352 : 288)
    let (scales, minimums) = scalesAndMinimums(words + 64, part)
    storeLowBytes(scales, target)
    storeLowBytes(minimums, target + 16)
    packNibbles(
      nibbles + 64 * (part / 2 * 8), UInt32(truncatingIfNeeded: part % 2 * 4), target + 32)
    if hasFifthBits { packBits(words + 64 * 4, UInt32(truncatingIfNeeded: part), target + 288) }
  }
}

func packQ6_K(_ from: StoredRows, _ to: UnsafeMutableRawPointer, _ words: UnsafeMutableRawPointer) {
  from.copyHalves(208, to: to)
  from.turn(0, count: 52, into: words)
  for part in 0..<8 {
    let target = to + 32 + part * 416
    let scales =
      loadWords(words + 64 * (48 + part / 2))
      &>> UInt32(truncatingIfNeeded: part % 2 * 16)
    storeLowBytes(scales, target)
    storeLowBytes(scales &>> 8, target + 16)
    let (half, quarter) = (part / 4, part % 4)
    packNibbles(
      words + 64 * (half * 16 + quarter % 2 * 8), UInt32(truncatingIfNeeded: quarter / 2 * 4),
      target + 32)
    packPairs(
      words + 64 * (32 + half * 8), UInt32(truncatingIfNeeded: quarter * 2), target + 288)
  }
}

func packQ2_K(_ from: StoredRows, _ to: UnsafeMutableRawPointer, _ words: UnsafeMutableRawPointer) {
  from.copyHalves(80, to: to)
  from.copyHalves(82, to: to + 32)
  from.turn(0, count: 20, into: words)
  for part in 0..<8 {
    let target = to + 64 + part * 160
    let codes = loadWords(words + 64 * (part / 2)) &>> UInt32(truncatingIfNeeded: part % 2 * 16)
    storeLowBytes(codes, target)
    storeLowBytes(codes &>> 8, target + 16)
    packPairs(
      words + 64 * (4 + part / 4 * 8), UInt32(truncatingIfNeeded: part % 4 * 2), target + 32)
  }
}

func packQ3_K(_ from: StoredRows, _ to: UnsafeMutableRawPointer, _ words: UnsafeMutableRawPointer) {
  from.copyHalves(108, to: to)
  from.turn(0, count: 24, into: words)
  for part in 0..<8 {
    let target = to + 32 + part * 224
    for row in 0..<panelRowCount {
      for half in 0..<2 {
        target.storeBytes(
          of: scaleQ3_K(from[row] + 96, 2 * part + half), toByteOffset: 16 * half + row,
          as: Int8.self)
      }
    }
    packPairs(
      words + 64 * (8 + part / 4 * 8), UInt32(truncatingIfNeeded: part % 4 * 2), target + 32)
    packBits(words, UInt32(truncatingIfNeeded: part), target + 160)
  }
}

func packIQ4_XS(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  for part in 0..<8 {
    let target = to + 32 + part * 272
    for row in 0..<panelRowCount {
      target.storeBytes(of: scaleIQ4_XS(from[row], part), toByteOffset: row, as: Int8.self)
    }
    from.turn(8 + 16 * part, count: 4, into: target + 16)
  }
}
