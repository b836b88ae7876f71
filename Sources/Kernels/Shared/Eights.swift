// Eight values at a time, for what recurrent layers keep.

typealias EightFloats = SIMD8<Float>

@inline(__always)
func loadEight(_ address: UnsafePointer<Float>) -> EightFloats {
  UnsafeRawPointer(address).loadUnaligned(as: EightFloats.self)
}

@inline(__always)
func storeEight(_ value: EightFloats, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: value, as: EightFloats.self)
}

/// The sum of eight lanes, halves first: a fixed order.
@inline(__always)
func total(_ x: EightFloats) -> Float {
  let (low, high) = unsafeBitCast(x, to: (SIMD4<Float>, SIMD4<Float>).self)
  let sums = low + high
  return (sums[0] + sums[2]) + (sums[1] + sums[3])
}
