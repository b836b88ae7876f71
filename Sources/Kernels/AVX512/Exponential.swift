// exp and the logistic function on 16 floats.

#if arch(x86_64) && !os(macOS)
  import _Builtin_intrinsics.intel

  /// exp(x), relative error below 2e-7; 0 below -87, finite above 88.
  ///
  /// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and a degree-6 polynomial for `exp(r)`
  /// (Cody and Waite's reduction).
  @inline(__always)
  func exponential(_ x: Floats) -> Floats {
    let bounded = _mm512_min_ps(
      _mm512_max_ps(x, _mm512_set1_ps(-104)), _mm512_set1_ps(88.37626))
    let magic = _mm512_set1_ps(12_582_912)  // 1.5 · 2^23: adding it rounds to an integer
    let n = _mm512_sub_ps(
      _mm512_fmadd_ps(bounded, _mm512_set1_ps(1.442_695_04), magic), magic)
    var r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693_359_375), bounded)
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.121_944_4e-4), r)
    var p = _mm512_set1_ps(1.388_889e-3)
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.333_334e-3))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.166_666_7e-2))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.166_666_67))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1))
    return _mm512_scalef_ps(p, n)
  }

  /// 1 / (1 + exp(-x)).
  @inline(__always)
  func logistic(_ x: Floats) -> Floats {
    let one = _mm512_set1_ps(1)
    return _mm512_div_ps(
      one, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))))
  }

  /// tanh(x) = 2 · logistic(2 x) - 1.
  @inline(__always)
  func hyperbolicTangent(_ x: Floats) -> Floats {
    _mm512_fmsub_ps(
      _mm512_set1_ps(2), logistic(_mm512_add_ps(x, x)), _mm512_set1_ps(1))
  }

  /// The sum of 16 lanes, halves first: a fixed order.
  @inline(__always)
  func laneSum(_ x: Floats) -> Float {
    let a = x.lowHalf + x.highHalf
    let b = a.lowHalf + a.highHalf
    let c = b.lowHalf + b.highHalf
    return c[0] + c[1]
  }

  /// The largest of 16 lanes.
  @inline(__always)
  func laneMaximum(_ x: Floats) -> Float {
    let a = larger(x.lowHalf, x.highHalf)
    let b = larger(a.lowHalf, a.highHalf)
    let c = larger(b.lowHalf, b.highHalf)
    return max(c[0], c[1])
  }

  @inline(__always)
  private func larger<Vector: SIMD>(_ a: Vector, _ b: Vector) -> Vector
  where Vector.Scalar: Comparable {
    a.replacing(with: b, where: b .> a)
  }
#endif
