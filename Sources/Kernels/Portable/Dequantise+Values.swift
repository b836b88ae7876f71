// The formats whose bits choose from a short list of values: 4-bit lists, ternary and binary.

import KernelInterface

/// Block: d (half), 16 bytes of nibbles, low halves first. Weight: d value(q).
func dequantiseIQ4_NL(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let values = WeightValues.iq4
  for index in 0..<blocks {
    let block = source + 18 * index
    writeNibbles(block + 2, values, block.half(0), output + 32 * index)
  }
}

/// Block: d (half), 16 bits and 4 bytes of 6-bit scales, 128 bytes of nibbles; 32 weights a scale,
/// packed as in IQ4_NL. Weight: (d (scale - 32)) value(q).
func dequantiseIQ4_XS(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let values = WeightValues.iq4
  for index in 0..<blocks {
    let block = source + 136 * index
    let d = block.half(0)
    for run in 0..<8 {
      let scale = d * Float(scaleIQ4_XS(block, run))
      writeNibbles(block + 8 + 16 * run, values, scale, output + 256 * index + 32 * run)
    }
  }
}

/// Block: an exponent e, 16 bytes of nibbles, low halves first. Weight: 2^(e - 128) value(q); the
/// values are doubled, so the exponent is less by one than the format's own.
/// Source: OCP Microscaling Formats (MX) 1.0.
func dequantiseMXFP4(
  _ source: UnsafeRawPointer, _ blocks: Int, _ output: UnsafeMutablePointer<Float>
) {
  let values = WeightValues.fp4
  for index in 0..<blocks {
    let block = source + 17 * index
    let e = UInt32(block.byte(0))
    // 2^-128 and 2^-127 are subnormal.
    let scale = Float(bitPattern: e < 2 ? 0x0020_0000 << e : (e - 1) << 23)
    writeNibbles(block + 1, values, scale, output + 32 * index)
  }
}

/// Block: four scales as 8-bit floats, 32 bytes of nibbles; 16 weights a scale, low halves of its
/// 8 bytes first. Weight: (scale / 2) value(q), because the values are doubled.
@inline(__always)
func readNVFP4(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  let values = WeightValues.fp4
  for index in 0..<blocks {
    let block = source + 36 * index
    for run in 0..<4 {
      let scale = unsignedE4M3(block.byte(run)) * 0.5
      for i in 0..<8 {
        let byte = block.byte(4 + 8 * run + i)
        let place = 64 * index + 16 * run + i
        sink.take(place, scale, Int32(values[Int(byte & 15)]))
        sink.take(place + 8, scale, Int32(values[Int(byte >> 4)]))
      }
    }
  }
}

/// Block: 48 bytes of five digits to base 3 each, 4 bytes of four, d (half). Weight: d (digit - 1).
///
/// A byte b holds the fraction b / 256: digit n is the whole part of 3 × the fractional part of
/// 3ⁿ b / 256. The first 32 bytes hold weights 0 to 159, 32 for each n; the next 16 hold 160 to 239.
@inline(__always)
func readTQ1_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  for index in 0..<blocks {
    let block = source + 54 * index
    let start = 256 * index
    let d = block.half(52)
    takeDigits(block, 32, 5, d, start, sink)
    takeDigits(block + 32, 16, 5, d, start + 160, sink)
    takeDigits(block + 48, 4, 4, d, start + 240, sink)
  }
}

/// Block: 64 bytes of bit pairs, d (half); each half of the block holds four runs of 32 weights, run
/// r in bits 2r and 2r + 1 of its 32 bytes. Weight: d (q - 1).
@inline(__always)
func readTQ2_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  for index in 0..<blocks {
    let block = source + 66 * index
    let start = 256 * index
    let d = block.half(64)
    for run in 0..<8 {
      let quants = block + run / 4 * 32
      let shift = UInt8(truncatingIfNeeded: run % 4 * 2)
      for i in 0..<32 {
        sink.take(start + 32 * run + i, d, Int32(quants.byte(i) &>> shift & 3) &- 1)
      }
    }
  }
}

/// Block: d (half), 128 bits. Weight: d where the bit is 1, -d where it is 0.
@inline(__always)
func readQ1_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  for index in 0..<blocks {
    let block = source + 18 * index
    let start = 128 * index
    let d = block.half(0)
    for i in 0..<128 {
      let bit = block.byte(2 + i / 8) &>> UInt8(truncatingIfNeeded: i % 8) & 1
      sink.take(start + i, d, bit == 1 ? 1 : -1)
    }
  }
}

/// Block: d (half), 64 bit pairs, four in a byte, lowest first. Weight: d (q - 1).
@inline(__always)
func readQ2_0(
  _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  for index in 0..<blocks {
    let block = source + 18 * index
    let start = 64 * index
    let d = block.half(0)
    for i in 0..<64 {
      let pair = block.byte(2 + i / 4) &>> UInt8(truncatingIfNeeded: i % 4 * 2) & 3
      sink.take(start + i, d, Int32(pair) &- 1)
    }
  }
}

/// 32 weights of 16 bytes: those of the low nibbles, then those of the high ones.
@inline(__always)
private func writeNibbles(
  _ packed: UnsafeRawPointer, _ values: SIMD16<Int8>, _ scale: Float,
  _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<16 {
    let byte = packed.byte(i)
    out[i] = scale * Float(values[Int(byte & 15)])
    out[16 + i] = scale * Float(values[Int(byte >> 4)])
  }
}

/// `digitCount × byteCount` weights: the first digit of every byte, then the second, and so on.
@inline(__always)
private func takeDigits(
  _ packed: UnsafeRawPointer, _ byteCount: Int, _ digitCount: Int, _ d: Float, _ first: Int,
  _ sink: some WeightSink
) {
  var power: UInt8 = 1
  for digit in 0..<digitCount {
    for i in 0..<byteCount {
      let fraction = UInt16(packed.byte(i) &* power)
      sink.take(first + digit * byteCount + i, d, Int32((fraction &* 3) >> 8) &- 1)
    }
    power &*= 3
  }
}

/// The float of an 8-bit one with four bits of exponent (bias 7) and three of fraction, whose sign
/// bit is ignored. 0x7f, which is no number, counts as zero.
@inline(__always)
private func unsignedE4M3(_ bits: UInt8) -> Float {
  if bits == 0x7f { return 0 }
  let fraction = Float(Int32(bits & 7))
  let exponent = UInt32(bits >> 3 & 15)
  if exponent == 0 { return fraction * 0x1p-9 }
  return (1 + fraction / 8) * Float(bitPattern: (exponent + 120) << 23)
}
