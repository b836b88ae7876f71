// What a processor without special instructions does; everything else is in `Shared`.

import KernelInterface

/// a × b + c, rounded once, so that this set gives the bits of those that have the instruction.
@inline(__always)
func multiplyAdd(_ a: Floats, _ b: Floats, _ c: Floats) -> Floats {
  #if arch(arm64)
    var result = c
    for lane in 0..<16 { result[lane].addProduct(a[lane], b[lane]) }
    return result
  #else
    return Floats(
      lowHalf: fused(a.lowHalf, b.lowHalf, c.lowHalf),
      highHalf: fused(a.highHalf, b.highHalf, c.highHalf))
  #endif
}

@inline(__always)
private func fused(_ a: SIMD8<Float>, _ b: SIMD8<Float>, _ c: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(
    lowHalf: fused(a.lowHalf, b.lowHalf, c.lowHalf),
    highHalf: fused(a.highHalf, b.highHalf, c.highHalf))
}

@inline(__always)
private func fused(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>) -> SIMD4<Float> {
  let low = fused(a.lowHalf, b.lowHalf, c.lowHalf)
  let high = fused(a.highHalf, b.highHalf, c.highHalf)
  return SIMD4(Float(low[0]), Float(low[1]), Float(high[0]), Float(high[1]))
}

@inline(__always)
private func fused(_ a: SIMD2<Float>, _ b: SIMD2<Float>, _ c: SIMD2<Float>) -> SIMD2<Double> {
  roundedToOdd(doubles(a) * doubles(b), doubles(c))
}

@inline(__always)
private func doubles(_ x: SIMD2<Float>) -> SIMD2<Double> { SIMD2(Double(x[0]), Double(x[1])) }

/// x + y with the last bit of an inexact sum set, so that rounding it to single precision is as
/// rounding the exact sum (S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded
/// sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 57, 2008).
@inline(__always)
private func roundedToOdd(_ x: SIMD2<Double>, _ y: SIMD2<Double>) -> SIMD2<Double> {
  let sum = x + y
  // What the sum lacks, exactly (Knuth's two-sum).
  let part = sum - x
  let lack = (x - (sum - part)) + (y - part)
  // A sum that was rounded away from zero goes back by one place; then the last bit is set. A lack
  // that is no number comes with an infinite sum or none, and changes nothing.
  let bits = unsafeBitCast(sum, to: SIMD2<Int64>.self)
  let back = (unsafeBitCast(lack, to: SIMD2<Int64>.self) ^ bits) &>> 63
  let odd = (bits &+ back) | 1
  return unsafeBitCast(bits.replacing(with: odd, where: lack * lack .> 0), to: SIMD2<Double>.self)
}

/// sum + Σ byte × quant over the four unsigned bytes of each lane and the four signed ones at
/// `quants`. Exact for all values.
@inline(__always)
func dot(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
  @inline(__always) func product(_ i: Int) -> Integers {
    let byte = unsafeBitCast((bytes &>> UInt32(8 * i)) & 255, to: Integers.self)
    return byte &* Integers(repeating: Int32(quants.load(fromByteOffset: i, as: Int8.self)))
  }
  return sum &+ (product(0) &+ product(1)) &+ (product(2) &+ product(3))
}

/// As `dot`, for bytes that use all eight bits.
@inline(__always)
func dotWide(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
  dot(sum, bytes, quants)
}

/// Where the sums of `dotWide` begin: it takes bytes as they are, 128 above their value.
@inline(__always) var wideZeroPoint: Int? { ActivationBlock.zeroPoint128 }

/// Adds `value`, a power of two that no byte has, to the bytes whose bit is set.
@inline(__always)
func adding(_ value: UInt8, to bytes: Words, where mask: UInt64) -> Words {
  var bits = Words()
  for row in 0..<16 { bits[row] = UInt32((mask >> UInt64(4 * row)) & 15) }
  // Bits 0...3 of a lane go to the lowest bits of its bytes 0...3.
  let spread = bits & 1 | (bits & 2) &<< 7 | (bits & 4) &<< 14 | (bits & 8) &<< 21
  return bytes | spread &* UInt32(value)
}

/// The bytes of `table` at the numbers 0...15 in `indices`.
@inline(__always)
func lookup(_ indices: Words, _ table: SIMD16<UInt8>) -> Words {
  var bytes = unsafeBitCast(indices, to: SIMD64<UInt8>.self)
  for i in 0..<64 { bytes[i] = table[Int(bytes[i])] }
  return unsafeBitCast(bytes, to: Words.self)
}

/// 16 half-precision numbers.
@inline(__always)
func loadHalves(_ address: UnsafeRawPointer) -> Floats {
  let bits = widened(address.loadUnaligned(as: SIMD16<UInt16>.self))
  let magnitude = (bits & 0x7FFF) &<< 13
  // 2^112 moves the exponent's bias from 15 to 127 and is exact for subnormal numbers too.
  let scaled = unsafeBitCast(magnitude, to: Floats.self) * Float(bitPattern: 0x7780_0000)
  let special = Words(repeating: 0).replacing(
    with: 0x7F80_0000, where: magnitude .>= Words(repeating: 0x0F80_0000))
  let sign = (bits & 0x8000) &<< 16
  return unsafeBitCast(unsafeBitCast(scaled, to: Words.self) | special | sign, to: Floats.self)
}

/// The nearest half-precision number, ties to even; finite numbers stay finite.
@inline(__always)
func half(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
  let magnitude = bits & 0x7FFF_FFFF
  if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
  if magnitude >= 0x477F_E000 { return sign | 0x7BFF }  // 65,504 and above
  if magnitude < 0x3880_0000 {  // below 2^-14: subnormal halves are steps of 2^-24
    let steps = Float(bitPattern: magnitude) * 16_777_216
    return sign | UInt16((steps + 8_388_608) - 8_388_608)
  }
  let rounded = magnitude &+ 0xFFF &+ ((magnitude >> 13) & 1)
  return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
}

// The larger and the smaller of each pair of lanes; `a` where one is no number.

@inline(__always)
func larger<V: SIMD<Float>>(_ a: V, _ b: V) -> V {
  var result = a
  for lane in a.indices { result[lane] = b[lane] > a[lane] ? b[lane] : a[lane] }
  return result
}

/// Whether a lane has a sign.
@inline(__always)
func hasNegative(_ x: Floats) -> Bool {
  unsafeBitCast(x, to: Integers.self).min() < 0
}

@inline(__always)
func smaller(_ a: Floats, _ b: Floats) -> Floats {
  var result = a
  for lane in a.indices { result[lane] = b[lane] < a[lane] ? b[lane] : a[lane] }
  return result
}

/// The square root.
@inline(__always)
func squareRoot(_ x: Floats) -> Floats { x.squareRoot() }

// The standard library's conversions of vectors are generic calls; these become one instruction
// for a few lanes.

@inline(__always)
func floats(_ x: Integers) -> Floats {
  var result = Floats(repeating: 0)
  for lane in 0..<16 { result[lane] = Float(x[lane]) }
  return result
}

@inline(__always)
func widened(_ x: SIMD16<UInt16>) -> Words {
  var result = Words(repeating: 0)
  for lane in 0..<16 { result[lane] = UInt32(x[lane]) }
  return result
}

@inline(__always)
func widened(_ x: SIMD16<UInt8>) -> Integers {
  var result = Integers(repeating: 0)
  for lane in 0..<16 { result[lane] = Int32(x[lane]) }
  return result
}

@inline(__always)
func widened(_ x: SIMD16<Int8>) -> Integers {
  var result = Integers(repeating: 0)
  for lane in 0..<16 { result[lane] = Int32(x[lane]) }
  return result
}

/// The low bytes.
@inline(__always)
func narrowed(_ x: Integers) -> SIMD16<Int8> {
  var result = SIMD16<Int8>(repeating: 0)
  for lane in 0..<16 { result[lane] = Int8(truncatingIfNeeded: x[lane]) }
  return result
}

/// The lowest byte of each lane.
@inline(__always)
func lowBytes(_ x: Words) -> SIMD16<UInt8> {
  var result = SIMD16<UInt8>(repeating: 0)
  for lane in 0..<16 { result[lane] = UInt8(truncatingIfNeeded: x[lane]) }
  return result
}

/// Bit `i` is the lowest bit of byte `i`.
@inline(__always)
func lowestBits(_ bytes: Words) -> UInt64 {
  let bits = bytes & 0x0101_0101
  let fours = bits | bits &>> 7 | bits &>> 14 | bits &>> 21
  var result: UInt64 = 0
  for lane in 0..<16 { result |= UInt64(fours[lane] & 15) << UInt64(4 * lane) }
  return result
}
