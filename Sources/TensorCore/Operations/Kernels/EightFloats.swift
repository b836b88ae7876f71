// Eight values at a time, with each product and each sum rounded: the same bits on every processor.

typealias EightFloats = SIMD8<Float>

extension EightFloats {
  /// Reads eight values from anywhere.
  @inline(__always)
  init(at address: UnsafePointer<Float>) {
    self = UnsafeRawPointer(address).loadUnaligned(as: EightFloats.self)
  }

  /// Writes them anywhere.
  @inline(__always)
  func write(to address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: self, as: EightFloats.self)
  }

  /// Their sum, halves first.
  @inline(__always)
  var total: Float {
    let halves = lowHalf + highHalf
    let quarters = halves.lowHalf + halves.highHalf
    return quarters[0] + quarters[1]
  }

  /// x / (1 + exp(-x)).
  var silu: EightFloats { self / (1 + (-self).exponential) }

  /// exp(x), relative error below 3e-7; 0 below -87.3, finite above 88.3.
  ///
  /// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and a degree-6 polynomial.
  @inline(__always)
  var exponential: EightFloats {
    var bounded = replacing(with: -104, where: self .< -104)
    bounded = bounded.replacing(with: 88.37626, where: bounded .> 88.37626)
    let shifted = bounded * 1.442_695_04 + 12_582_912
    let n = shifted - 12_582_912
    let r = (bounded - n * 0.693_359_375) + n * 2.121_944_4e-4
    var p = r * 1.388_889e-3 + 8.333_334e-3
    p = p * r + 4.166_666_7e-2
    p = p * r + 0.166_666_67
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    // The low bits of the shifted number are n.
    let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4B40_0000 &+ 127
    let power = exponent.replacing(with: 0, where: exponent .< 1) &<< 23
    return p * unsafeBitCast(power, to: EightFloats.self)
  }
}
