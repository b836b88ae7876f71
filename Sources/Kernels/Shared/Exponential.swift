// exp, the logistic function and tanh on 16 floats.

/// exp(x), relative error below 2e-7; 0 below -87.3, finite above 88.3.
///
/// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and a degree-6 polynomial for `exp(r)`
/// (Cody and Waite's reduction).
@inline(__always)
func exponential(_ x: Floats) -> Floats {
  let low = Floats(repeating: -104)
  let high = Floats(repeating: 88.37626)
  var bounded = x.replacing(with: low, where: x .< low)
  bounded = bounded.replacing(with: high, where: bounded .> high)
  let n = rounded(bounded * 1.442_695_04)
  var r = multiplyAdd(n, Floats(repeating: -0.693_359_375), bounded)
  r = multiplyAdd(n, Floats(repeating: 2.121_944_4e-4), r)
  var p = Floats(repeating: 1.388_889e-3)
  p = multiplyAdd(p, r, Floats(repeating: 8.333_334e-3))
  p = multiplyAdd(p, r, Floats(repeating: 4.166_666_7e-2))
  p = multiplyAdd(p, r, Floats(repeating: 0.166_666_67))
  p = multiplyAdd(p, r, Floats(repeating: 0.5))
  p = multiplyAdd(p, r, Floats(repeating: 1))
  p = multiplyAdd(p, r, Floats(repeating: 1))
  return timesPowerOfTwo(p, n)
}

/// 2^n for whole numbers n below 128; 0 below -126.
@inline(__always)
func powerOfTwo(_ n: Floats) -> Floats {
  let exponent = roundedIntegers(n) &+ 127
  let bits = exponent.replacing(with: 0, where: exponent .< 1) &<< 23
  return unsafeBitCast(bits, to: Floats.self)
}

/// 1 / (1 + exp(-x)).
@inline(__always)
func logistic(_ x: Floats) -> Floats { 1 / (1 + exponential(-x)) }

/// tanh(x) = 2 · logistic(2 x) - 1.
@inline(__always)
func hyperbolicTangent(_ x: Floats) -> Floats { 2 * logistic(x + x) - 1 }
