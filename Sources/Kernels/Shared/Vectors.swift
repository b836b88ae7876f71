// The vectors of the kernels: 16 lanes, one for each row of a panel or position of a half block.
//
// The files of this folder are compiled once for each instruction set, through a link in its
// folder. What an instruction set does in its own way is in its `Primitives.swift`.

typealias Floats = SIMD16<Float>
typealias Integers = SIMD16<Int32>
typealias Words = SIMD16<UInt32>

@inline(__always)
func loadFloats(_ address: UnsafePointer<Float>) -> Floats {
  UnsafeRawPointer(address).loadUnaligned(as: Floats.self)
}

/// |x|, by its sign.
@inline(__always)
func magnitude(_ x: Floats) -> Floats {
  unsafeBitCast(unsafeBitCast(x, to: Words.self) & 0x7FFF_FFFF, to: Floats.self)
}

@inline(__always)
func store(_ value: Floats, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: Floats.self)
}

@inline(__always)
func loadWords(_ address: UnsafeRawPointer) -> Words { address.loadUnaligned(as: Words.self) }

/// 16 `bfloat16` numbers.
@inline(__always)
func loadBrainFloats(_ address: UnsafeRawPointer) -> Floats {
  unsafeBitCast(widened(address.loadUnaligned(as: SIMD16<UInt16>.self)) &<< 16, to: Floats.self)
}

/// 16 unsigned bytes.
@inline(__always)
func loadBytes(_ address: UnsafeRawPointer) -> Floats {
  floats(widened(address.loadUnaligned(as: SIMD16<UInt8>.self)))
}

/// 16 signed bytes.
@inline(__always)
func loadSignedBytes(_ address: UnsafeRawPointer) -> Integers {
  widened(address.loadUnaligned(as: SIMD16<Int8>.self))
}

@inline(__always)
func broadcastFloat(_ address: UnsafeRawPointer) -> Floats {
  Floats(repeating: address.loadUnaligned(as: Float.self))
}

@inline(__always)
func broadcastInteger(_ address: UnsafeRawPointer) -> Integers {
  Integers(repeating: address.loadUnaligned(as: Int32.self))
}

// Halves are taken by a cast: compilers take the standard library's apart into single lanes, and with
// them what the lanes were computed from.

@inline(__always)
func halves(_ x: Floats) -> (SIMD8<Float>, SIMD8<Float>) {
  unsafeBitCast(x, to: (SIMD8<Float>, SIMD8<Float>).self)
}

@inline(__always)
private func halves(_ x: SIMD8<Float>) -> (SIMD4<Float>, SIMD4<Float>) {
  unsafeBitCast(x, to: (SIMD4<Float>, SIMD4<Float>).self)
}

/// The sum of 16 lanes, halves first: a fixed order.
@inline(__always)
func laneSum(_ x: Floats) -> Float {
  let (a, b) = halves(x)
  let (c, d) = halves(a + b)
  let e = c + d
  return (e[0] + e[2]) + (e[1] + e[3])
}

@inline(__always)
private func larger(_ a: Float, _ b: Float) -> Float { b > a ? b : a }

/// The largest of 16 lanes.
@inline(__always)
func laneMaximum(_ x: Floats) -> Float {
  let (a, b) = halves(x)
  let (c, d) = halves(larger(a, b))
  let e = larger(c, d)
  return larger(larger(e[0], e[2]), larger(e[1], e[3]))
}

/// The nearest whole number, ties to even, for |x| < 2^22.
///
/// 12,582,912 is 1.5 · 2^23: a sum with it has no bits below 1.
@inline(__always)
func rounded(_ x: Floats) -> Floats { (x + 12_582_912) - 12_582_912 }

/// `rounded` as integers.
@inline(__always)
func roundedIntegers(_ x: Floats) -> Integers {
  unsafeBitCast(x + 12_582_912, to: Integers.self) &- 0x4B40_0000
}

/// Calls `body` for 0..<count, written out, so that sums stay in registers; count is 1, 2, 3, 4,
/// 6, 8 or 12.
@inline(__always)
func unrolled(_ count: Int, _ body: (Int) -> Void) {
  body(0)
  if count > 1 { body(1) }
  if count > 2 { body(2) }
  if count > 3 { body(3) }
  if count > 4 {
    body(4)
    body(5)
  }
  if count > 6 {
    body(6)
    body(7)
  }
  if count > 8 {
    body(8)
    body(9)
    body(10)
    body(11)
  }
}
