// The IQ1, IQ2 and IQ3 formats: 256 weights a block, in points of a list, with signs or shifts.
//
// A point is eight weights (IQ1, IQ2) or four (IQ3), given by its index. Magnitudes of IQ2 and IQ3
// take their signs from a byte, bit i for weight i, 1 for minus. The scale of a run of weights is a
// few bits s: d (s + 1/2) / 4 for IQ2, d (s + 1/2) / 2 for IQ3_XXS, d (2 s + 1) for IQ3_S and IQ1.

/// Block: d (half), then for each run of 32 a word of four indices of 8 bits and a word of four
/// 7-bit sign indices with the run's scale above them.
@inline(__always)
func readIQ2_XXS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq2XXSGrid
  for index in 0..<blocks {
    let block = source + 66 * index
    let start = 256 * index
    let d = block.half(0)
    for run in 0..<8 {
      let packed = block + 2 + 8 * run
      let word = packed.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      let scale = d * (0.5 + Float(Int32(word >> 28))) * 0.25
      for part in 0..<4 {
        let signs = evenSigns(word &>> UInt32(truncatingIfNeeded: 7 * part))
        take(grid[Int(packed.byte(part))], signs, scale, start + 32 * run + 8 * part, sink)
      }
    }
  }
}

/// Block: d (half), 32 words of a 9-bit index and a 7-bit sign index, 16 scales in nibbles, one for
/// two words.
@inline(__always)
func readIQ2_XS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq2XSGrid
  for index in 0..<blocks {
    let block = source + 74 * index
    let start = 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 2 + 2 * point, as: UInt16.self)
      let scale = d * (0.5 + Float(nibble(block + 66, point / 2))) * 0.25
      take(grid[Int(word & 511)], evenSigns(UInt32(word >> 9)), scale, start + 8 * point, sink)
    }
  }
}

/// Block: d (half), 32 low bytes of indices, 32 bytes of signs, 8 bytes with the upper two bits of
/// four indices each, 16 scales in nibbles, one for two points.
@inline(__always)
func readIQ2_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq2SGrid
  for index in 0..<blocks {
    let block = source + 82 * index
    let start = 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let upper = block.byte(66 + point / 4) &>> UInt8(truncatingIfNeeded: point % 4 * 2) & 3
      let place = Int(block.byte(2 + point)) | Int(upper) << 8
      let scale = d * (0.5 + Float(nibble(block + 74, point / 2))) * 0.25
      take(grid[place], block.byte(34 + point), scale, start + 8 * point, sink)
    }
  }
}

/// Block: d (half), 64 indices of 8 bits, for each run of 32 a word of four 7-bit sign indices with
/// the run's scale above them.
@inline(__always)
func readIQ3_XXS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq3XXSGrid
  for index in 0..<blocks {
    let block = source + 98 * index
    let start = 256 * index
    let d = block.half(0)
    for pair in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 66 + pair / 4 * 4, as: UInt32.self)
      let scale = d * (0.5 + Float(Int32(word >> 28))) * 0.5
      let signs = evenSigns(word &>> UInt32(truncatingIfNeeded: pair % 4 * 7))
      let first = grid[Int(block.byte(2 + 2 * pair))]
      let second = grid[Int(block.byte(3 + 2 * pair))]
      take(UInt64(first) | UInt64(second) << 32, signs, scale, start + 8 * pair, sink)
    }
  }
}

/// Block: d (half), 64 low bytes of indices, 64 ninth bits, 32 bytes of signs, 8 scales in nibbles,
/// one for a run of 32.
@inline(__always)
func readIQ3_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq3SGrid
  for index in 0..<blocks {
    let block = source + 110 * index
    let start = 256 * index
    let d = block.half(0)
    for pair in 0..<32 {
      let ninth = block.byte(66 + pair / 4) &>> UInt8(truncatingIfNeeded: pair % 4 * 2)
      let first = grid[Int(block.byte(2 + 2 * pair)) | Int(ninth & 1) << 8]
      let second = grid[Int(block.byte(3 + 2 * pair)) | Int(ninth >> 1 & 1) << 8]
      let scale = d * Float(1 &+ 2 &* nibble(block + 106, pair / 4))
      take(
        UInt64(first) | UInt64(second) << 32, block.byte(74 + pair), scale, start + 8 * pair, sink)
    }
  }
}

/// Block: d (half), 32 low bytes of indices, for each run of 32 a word: four times three upper bits
/// of an index, three bits of scale, and the sign of the shift. Weight: d (2 s + 1) (point ± 1/8).
@inline(__always)
func readIQ1_S(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq1Grid
  for index in 0..<blocks {
    let block = source + 50 * index
    let start = 256 * index
    let d = block.half(0)
    for point in 0..<32 {
      let word = block.loadUnaligned(fromByteOffset: 34 + point / 4 * 2, as: UInt16.self)
      let upper = word &>> UInt16(truncatingIfNeeded: point % 4 * 3) & 7
      let scale = d * Float(Int32(word >> 12 & 7) &* 2 &+ 1)
      let eighth: Int32 = word & 0x8000 == 0 ? 1 : -1
      let place = Int(block.byte(2 + point)) | Int(upper) << 8
      takeShifted(grid[place], eighth, scale, start + 8 * point, sink)
    }
  }
}

/// Block: 32 low bytes of indices, 32 nibbles of three upper bits and the sign of the shift, four
/// words of four 3-bit scales each, one for 16 weights; d (half) is spread over the upper nibbles of
/// these words, lowest first. Weight: d (2 s + 1) (point ± 1/8).
@inline(__always)
func readIQ1_M(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let grid = iq1Grid
  for index in 0..<blocks {
    let block = source + 56 * index
    let start = 256 * index
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
      let eighth: Int32 = upper & 8 == 0 ? 1 : -1
      let place = Int(block.byte(point)) | Int(upper & 7) << 8
      takeShifted(grid[place], eighth, scale, start + 8 * point, sink)
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
private func take(
  _ point: UInt64, _ signs: UInt8, _ scale: Float, _ first: Int, _ sink: some WeightSink
) {
  for i in 0..<8 {
    let magnitude = Int32(truncatingIfNeeded: point &>> UInt64(truncatingIfNeeded: 8 * i) & 255)
    let isPlus = signs &>> UInt8(truncatingIfNeeded: i) & 1 == 0
    sink.take(first + i, scale, isPlus ? magnitude : 0 &- magnitude)
  }
}

/// Eight weights: scale times the sum of a signed value and ± 1/8, in eighths.
@inline(__always)
private func takeShifted(
  _ point: UInt64, _ eighth: Int32, _ scale: Float, _ first: Int, _ sink: some WeightSink
) {
  for i in 0..<8 {
    let value = Int8(truncatingIfNeeded: point &>> UInt64(truncatingIfNeeded: 8 * i))
    sink.take(first + i, scale * 0.125, Int32(value) &* 8 &+ eighth)
  }
}
