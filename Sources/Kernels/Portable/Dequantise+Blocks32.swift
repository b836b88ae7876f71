// The formats of 32 weights a block, with one scale, and for `_1` one minimum.
//
// Nibbles: the low halves of the 16 bytes are weights 0 to 15, the high halves are 16 to 31. The
// fifth bit of weight i is bit i of a 32-bit word.

/// Block: d (half), 16 bytes of nibbles. Weight: d (q - 8).
func dequantiseQ4_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 18 * index
    let out = output + 32 * index
    let d = block.half(0)
    for i in 0..<16 {
      let byte = block.byte(2 + i)
      out[i] = d * Float(Int32(byte & 15) &- 8)
      out[16 + i] = d * Float(Int32(byte >> 4) &- 8)
    }
  }
}

/// Block: d, m (halves), 16 bytes of nibbles. Weight: d q + m.
func dequantiseQ4_1(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 20 * index
    let out = output + 32 * index
    let d = block.half(0)
    let m = block.half(2)
    for i in 0..<16 {
      let byte = block.byte(4 + i)
      out[i] = d * Float(Int32(byte & 15)) + m
      out[16 + i] = d * Float(Int32(byte >> 4)) + m
    }
  }
}

/// Block: d (half), 32 fifth bits, 16 bytes of nibbles. Weight: d (q - 16).
func dequantiseQ5_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 22 * index
    let out = output + 32 * index
    let d = block.half(0)
    let high = block.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
    for i in 0..<16 {
      let (low, upper) = fiveBits(block.byte(6 + i), high, i)
      out[i] = d * Float(low &- 16)
      out[16 + i] = d * Float(upper &- 16)
    }
  }
}

/// Block: d, m (halves), 32 fifth bits, 16 bytes of nibbles. Weight: d q + m.
func dequantiseQ5_1(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 24 * index
    let out = output + 32 * index
    let d = block.half(0)
    let m = block.half(2)
    let high = block.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    for i in 0..<16 {
      let (low, upper) = fiveBits(block.byte(8 + i), high, i)
      out[i] = d * Float(low) + m
      out[16 + i] = d * Float(upper) + m
    }
  }
}

/// Block: d (half), 32 signed bytes. Weight: d q.
func dequantiseQ8_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  for index in 0..<blocks {
    let block = source + 34 * index
    let out = output + 32 * index
    let d = block.half(0)
    for i in 0..<32 { out[i] = Float(block.load(fromByteOffset: 2 + i, as: Int8.self)) * d }
  }
}

/// Weights i and 16 + i from their nibbles and fifth bits.
@inline(__always)
private func fiveBits(_ nibbles: UInt8, _ high: UInt32, _ i: Int) -> (Int32, Int32) {
  let shift = UInt32(truncatingIfNeeded: i)
  let low = UInt32(nibbles & 15) | (high &>> shift & 1) << 4
  let upper = UInt32(nibbles >> 4) | (high &>> (shift &+ 16) & 1) << 4
  return (Int32(bitPattern: low), Int32(bitPattern: upper))
}
