// The lists of values of formats whose bits choose from one.

/// The values that four bits choose from. Written out where they are used: a stored constant would be
/// looked up by a call.
public enum WeightValues {
  /// Those of IQ4_NL and IQ4_XS.
  @inlinable @inline(__always)
  public static var iq4: SIMD16<Int8> {
    SIMD16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
  }
  /// Those of MXFP4 and NVFP4: twice those of the 4-bit float E2M1.
  @inlinable @inline(__always)
  public static var fp4: SIMD16<Int8> {
    SIMD16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
  }
}
