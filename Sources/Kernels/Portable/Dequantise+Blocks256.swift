// The K formats: 256 weights a block, in groups with scales that are quantised themselves.

/// Block: 16 bytes of a scale and a minimum in nibbles, 64 bytes of bit pairs, d, dmin (halves).
/// Weight: (d scale) q - (dmin minimum), groups of 16.
///
/// Each half of the block holds four runs of 32 weights, run r in bits 2r and 2r + 1 of its 32 bytes.
func dequantiseQ2_K(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 84 * index
    let out = output + 256 * index
    let d = block.half(80)
    let dmin = block.half(82)
    for group in 0..<16 {
      let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
      let scale = d * Float(Int32(block.byte(group) & 15))
      let minimum = dmin * Float(Int32(block.byte(group) >> 4))
      let quants = block + 16 + 32 * half + part
      let shift = UInt8(truncatingIfNeeded: 2 * run)
      for i in 0..<16 {
        out[16 * group + i] = scale * Float(Int32(quants.byte(i) &>> shift & 3)) - minimum
      }
    }
  }
}

/// Block: 32 bytes of third bits, 64 bytes of bit pairs, 12 bytes of 6-bit scales, d (half).
/// Weight: (d (scale - 32)) q, where q is the bit pair, less 4 when the third bit is 0; groups of 16.
///
/// The pairs lie as in Q2_K; bit r of third-bit byte i belongs to weight i of run r of all eight.
func dequantiseQ3_K(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 110 * index
    let out = output + 256 * index
    let d = block.half(108)
    let packed = block + 96
    for group in 0..<16 {
      let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
      let scale = d * Float(scaleQ3_K(packed, group))
      let quants = block + 32 + 32 * half + part
      let mask = block + part
      let shift = UInt8(truncatingIfNeeded: 2 * run)
      let bit = UInt8(truncatingIfNeeded: 4 * half + run)
      for i in 0..<16 {
        let third = mask.byte(i) &>> bit & 1
        let q = Int32(quants.byte(i) &>> shift & 3) &- Int32(third ^ 1) &* 4
        out[16 * group + i] = scale * Float(q)
      }
    }
  }
}

/// Block: d, dmin (halves), 12 bytes of 6-bit scales and minima, 128 bytes of nibbles.
/// Weight: (d scale) q - (dmin minimum), groups of 32.
func dequantiseQ4_K(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 144 * index
    let out = output + 256 * index
    for group in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(block, group)
      let quants = block + 16 + 32 * (group / 2)
      let shift = UInt8(truncatingIfNeeded: group % 2 * 4)
      for i in 0..<32 {
        out[32 * group + i] = scale * Float(Int32(quants.byte(i) &>> shift & 15)) - minimum
      }
    }
  }
}

/// As Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte i belongs to weight i of
/// group g.
func dequantiseQ5_K(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 176 * index
    let out = output + 256 * index
    let high = block + 16
    for group in 0..<8 {
      let (scale, minimum) = scaleAndMinimum(block, group)
      let quants = block + 48 + 32 * (group / 2)
      let shift = UInt8(truncatingIfNeeded: group % 2 * 4)
      let bit = UInt8(truncatingIfNeeded: group)
      for i in 0..<32 {
        let q = quants.byte(i) &>> shift & 15 | (high.byte(i) &>> bit & 1) << 4
        out[32 * group + i] = scale * Float(Int32(q)) - minimum
      }
    }
  }
}

/// Block: 128 bytes of nibbles, 64 bytes of upper bit pairs, 16 signed scales, d (half).
/// Weight: (d scale) (q - 32), groups of 16.
///
/// Each half of the block holds four runs of 32 weights: runs 0 and 1 in the low nibbles of its 64
/// bytes, runs 2 and 3 in the high ones; bits 2r and 2r + 1 of its 32 upper bytes belong to run r.
func dequantiseQ6_K(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 210 * index
    let out = output + 256 * index
    let d = block.half(208)
    for group in 0..<16 {
      let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
      let scale = d * Float(block.load(fromByteOffset: 192 + group, as: Int8.self))
      let low = block + 64 * half + 32 * (run % 2) + part
      let high = block + 128 + 32 * half + part
      let nibble = UInt8(truncatingIfNeeded: run / 2 * 4)
      let pair = UInt8(truncatingIfNeeded: 2 * run)
      for i in 0..<16 {
        let q = low.byte(i) &>> nibble & 15 | (high.byte(i) &>> pair & 3) << 4
        out[16 * group + i] = scale * Float(Int32(q) &- 32)
      }
    }
  }
}

/// The scale and the minimum of a group of a Q4_K or Q5_K block, already multiplied by d and dmin.
///
/// Groups 0 to 3 have their 6 bits at the bottom of bytes 0 to 3 (scales) and 4 to 7 (minima); groups
/// 4 to 7 have 4 bits in the nibbles of bytes 8 to 11 and 2 at the top of bytes 0 to 7.
@inline(__always)
private func scaleAndMinimum(_ block: UnsafeRawPointer, _ group: Int) -> (Float, Float) {
  let packed = block + 4
  let scale: UInt8
  let minimum: UInt8
  if group < 4 {
    scale = packed.byte(group) & 63
    minimum = packed.byte(group + 4) & 63
  } else {
    let low = packed.byte(group + 4)
    scale = low & 15 | (packed.byte(group - 4) >> 6) << 4
    minimum = low >> 4 | (packed.byte(group) >> 6) << 4
  }
  return (block.half(0) * Float(Int32(scale)), block.half(2) * Float(Int32(minimum)))
}
