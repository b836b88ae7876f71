// The IQ1, IQ2 and IQ3 formats: 256 weights a block, in points of a list, with signs or shifts.
//
// A point is eight weights (IQ1, IQ2) or four (IQ3), given by its index. Magnitudes of IQ2 and IQ3
// take their signs from a byte, bit i for weight i, 1 for minus. The scale of a run of weights is a
// few bits s: d (s + 1/2) / 4 for IQ2, d (s + 1/2) / 2 for IQ3_XXS, d (2 s + 1) for IQ3_S and IQ1.

/// Block: d (half), then for each run of 32 a word of four indices of 8 bits and a word of four
/// 7-bit sign indices with the run's scale above them.
func dequantiseIQ2_XXS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq2XXSGrid
  for index in 0..<blocks {
    let block = source + 66 * index
    let out = output + 256 * index
    let d = block.half(0)
    for run in 0..<8 {
      let packed = block + 2 + 8 * run
      let word = packed.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      let scale = d * (0.5 + Float(Int32(word >> 28))) * 0.25
      for part in 0..<4 {
        let signs = evenSigns(word &>> UInt32(truncatingIfNeeded: 7 * part))
        write(grid[Int(packed.byte(part))], signs, scale, out + 32 * run + 8 * part)
      }
    }
  }
}

/// Block: d (half), 32 words of a 9-bit index and a 7-bit sign index, 16 scales in nibbles, one for
/// two words.
func dequantiseIQ2_XS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq2XSGrid
  for index in 0..<blocks {
    let block = source + 74 * index
    let out = output + 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 2 + 2 * point, as: UInt16.self)
      let scale = d * (0.5 + Float(nibble(block + 66, point / 2))) * 0.25
      write(grid[Int(word & 511)], evenSigns(UInt32(word >> 9)), scale, out + 8 * point)
    }
  }
}

/// Block: d (half), 32 low bytes of indices, 32 bytes of signs, 8 bytes with the upper two bits of
/// four indices each, 16 scales in nibbles, one for two points.
func dequantiseIQ2_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq2SGrid
  for index in 0..<blocks {
    let block = source + 82 * index
    let out = output + 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let upper = block.byte(66 + point / 4) &>> UInt8(truncatingIfNeeded: point % 4 * 2) & 3
      let place = Int(block.byte(2 + point)) | Int(upper) << 8
      let scale = d * (0.5 + Float(nibble(block + 74, point / 2))) * 0.25
      write(grid[place], block.byte(34 + point), scale, out + 8 * point)
    }
  }
}

/// Block: d (half), 64 indices of 8 bits, for each run of 32 a word of four 7-bit sign indices with
/// the run's scale above them.
func dequantiseIQ3_XXS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq3XXSGrid
  for index in 0..<blocks {
    let block = source + 98 * index
    let out = output + 256 * index
    let d = block.half(0)
    for pair in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 66 + pair / 4 * 4, as: UInt32.self)
      let scale = d * (0.5 + Float(Int32(word >> 28))) * 0.5
      let signs = evenSigns(word &>> UInt32(truncatingIfNeeded: pair % 4 * 7))
      let first = grid[Int(block.byte(2 + 2 * pair))]
      let second = grid[Int(block.byte(3 + 2 * pair))]
      write(UInt64(first) | UInt64(second) << 32, signs, scale, out + 8 * pair)
    }
  }
}

/// Block: d (half), 64 low bytes of indices, 64 ninth bits, 32 bytes of signs, 8 scales in nibbles,
/// one for a run of 32.
func dequantiseIQ3_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq3SGrid
  for index in 0..<blocks {
    let block = source + 110 * index
    let out = output + 256 * index
    let d = block.half(0)
    for pair in 0..<32 {
      let ninth = block.byte(66 + pair / 4) &>> UInt8(truncatingIfNeeded: pair % 4 * 2)
      let first = grid[Int(block.byte(2 + 2 * pair)) | Int(ninth & 1) << 8]
      let second = grid[Int(block.byte(3 + 2 * pair)) | Int(ninth >> 1 & 1) << 8]
      let scale = d * Float(1 &+ 2 &* nibble(block + 106, pair / 4))
      write(UInt64(first) | UInt64(second) << 32, block.byte(74 + pair), scale, out + 8 * pair)
    }
  }
}

/// Block: d (half), 32 low bytes of indices, for each run of 32 a word: four times three upper bits
/// of an index, three bits of scale, and the sign of the shift. Weight: d (2 s + 1) (point ± 1/8).
func dequantiseIQ1_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq1Grid
  for index in 0..<blocks {
    let block = source + 50 * index
    let out = output + 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 34 + point / 4 * 2, as: UInt16.self)
      let upper = word &>> UInt16(truncatingIfNeeded: point % 4 * 3) & 7
      let scale = d * Float(Int32(word >> 12 & 7) &* 2 &+ 1)
      let shift: Float = word & 0x8000 == 0 ? 0.125 : -0.125
      let place = Int(block.byte(2 + point)) | Int(upper) << 8
      writeShifted(grid[place], shift, scale, out + 8 * point)
    }
  }
}

/// Block: 32 low bytes of indices, 32 nibbles of three upper bits and the sign of the shift, four
/// words of four 3-bit scales each, one for 16 weights; d (half) is spread over the upper nibbles of
/// these words, lowest first. Weight: d (2 s + 1) (point ± 1/8).
func dequantiseIQ1_M(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let grid = iq1Grid
  for index in 0..<blocks {
    let block = source + 56 * index
    let out = output + 256 * index
    var bits: UInt16 = 0
    for word in 0..<4 {
      let top = block.loadUnaligned(fromByteOffset: 48 + 2 * word, as: UInt16.self) >> 12
      bits |= top &<< UInt16(truncatingIfNeeded: 4 * word)
    }
    let d = float(half: bits)
    for point in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 48 + point / 8 * 2, as: UInt16.self)
      let steps = word &>> UInt16(truncatingIfNeeded: point / 2 % 4 * 3) & 7
      let upper = nibble(block + 32, point)
      let scale = d * Float(Int32(steps) &* 2 &+ 1)
      let shift: Float = upper & 8 == 0 ? 0.125 : -0.125
      let place = Int(block.byte(point)) | Int(upper & 7) << 8
      writeShifted(grid[place], shift, scale, out + 8 * point)
    }
  }
}

/// The nibble of that index, the low half of a byte first.
@inline(__always)
private func nibble(_ packed: UnsafeRawPointer, _ index: Int) -> Int32 {
  Int32(packed.byte(index / 2) &>> UInt8(truncatingIfNeeded: index % 2 * 4) & 15)
}

/// Eight weights: scale times magnitude, with signs.
@inline(__always)
private func write(
  _ point: UInt64, _ signs: UInt8, _ scale: Float, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<8 {
    let magnitude = Int32(truncatingIfNeeded: point &>> UInt64(truncatingIfNeeded: 8 * i) & 255)
    let weight = scale * Float(magnitude)
    out[i] = signs &>> UInt8(truncatingIfNeeded: i) & 1 == 0 ? weight : -weight
  }
}

/// Eight weights: scale times the sum of a signed value and a shift.
@inline(__always)
private func writeShifted(
  _ point: UInt64, _ shift: Float, _ scale: Float, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<8 {
    let value = Int8(truncatingIfNeeded: point &>> UInt64(truncatingIfNeeded: 8 * i))
    out[i] = scale * (Float(value) + shift)
  }
}
