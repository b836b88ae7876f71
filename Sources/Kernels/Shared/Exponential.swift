// exp, the logistic function and tanh on 16 floats.

/// exp(x), relative error below 2e-7; 0 below -87.7, finite above 88.3.
@inline(__always)
func exponential(_ x: Floats) -> Floats {
  exponentialOfNegative(smaller(x, Floats(repeating: 88.37626)))
}

/// exp(x) for x up to 88.37626.
///
/// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and a degree-6 polynomial for `exp(r)`
/// (Cody and Waite's reduction).
@inline(__always)
func exponentialOfNegative(_ x: Floats) -> Floats {
  // -127 ln 2, from where 2^n has the bits of 0.
  let bounded = larger(x, Floats(repeating: -88.02969))
  // The low bits of the shifted number are n.
  let shifted = bounded * 1.442_695_04 + 12_582_912
  let n = shifted - 12_582_912
  var r = multiplyAdd(n, Floats(repeating: -0.693_359_375), bounded)
  r = multiplyAdd(n, Floats(repeating: 2.121_944_4e-4), r)
  var p = Floats(repeating: 1.388_889e-3)
  p = multiplyAdd(p, r, Floats(repeating: 8.333_334e-3))
  p = multiplyAdd(p, r, Floats(repeating: 4.166_666_7e-2))
  p = multiplyAdd(p, r, Floats(repeating: 0.166_666_67))
  p = multiplyAdd(p, r, Floats(repeating: 0.5))
  p = multiplyAdd(p, r, Floats(repeating: 1))
  p = multiplyAdd(p, r, Floats(repeating: 1))
  let power = (unsafeBitCast(shifted, to: Integers.self) &<< 23) &+ (127 << 23)
  return p * unsafeBitCast(power, to: Floats.self)
}

/// -x by its sign: compilers take the standard library's 0 - x apart into lanes.
@inline(__always)
private func negated(_ x: Floats) -> Floats {
  unsafeBitCast(unsafeBitCast(x, to: Words.self) ^ 0x8000_0000, to: Floats.self)
}

/// 1 / (1 + exp(-x)).
@inline(__always)
func logistic(_ x: Floats) -> Floats { 1 / (1 + exponential(negated(x))) }

/// tanh(x) = 2 · logistic(2 x) - 1.
@inline(__always)
func hyperbolicTangent(_ x: Floats) -> Floats { 2 * logistic(x + x) - 1 }
