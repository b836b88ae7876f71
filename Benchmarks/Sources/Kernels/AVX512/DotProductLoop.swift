// The arithmetic limit of a processor with AVX-512 VNNI: a loop of nothing but `vpdpbusd` on
// registers.

#if arch(x86_64)
  import _Builtin_intrinsics.intel

  /// Runs `rounds` rounds of twelve independent 64-lane byte products with sums of four.
  ///
  /// Twelve accumulators cover the latency of the instruction (5 cycles) on two ports.
  ///
  /// - Returns: the operations done (a multiplication and an addition count as two) and a sum that
  ///   depends on all of them, so that the loop cannot be dropped.
  @inline(never)
  public func dotProductLoop(rounds: Int) -> (operations: Int, sum: Int32) {
    let activations = _mm512_set1_epi8(3)
    let weights = _mm512_set1_epi8(1)
    var a = _mm512_setzero_si512()
    var b = a
    var c = a
    var d = a
    var e = a
    var f = a
    var g = a
    var h = a
    var i = a
    var j = a
    var k = a
    var l = a
    for _ in 0..<rounds {
      a = _mm512_dpbusd_epi32(a, activations, weights)
      b = _mm512_dpbusd_epi32(b, activations, weights)
      c = _mm512_dpbusd_epi32(c, activations, weights)
      d = _mm512_dpbusd_epi32(d, activations, weights)
      e = _mm512_dpbusd_epi32(e, activations, weights)
      f = _mm512_dpbusd_epi32(f, activations, weights)
      g = _mm512_dpbusd_epi32(g, activations, weights)
      h = _mm512_dpbusd_epi32(h, activations, weights)
      i = _mm512_dpbusd_epi32(i, activations, weights)
      j = _mm512_dpbusd_epi32(j, activations, weights)
      k = _mm512_dpbusd_epi32(k, activations, weights)
      l = _mm512_dpbusd_epi32(l, activations, weights)
    }
    var sum: Int32 = 0
    for vector in [a, b, c, d, e, f, g, h, i, j, k, l] {
      sum &+= unsafeBitCast(vector, to: SIMD16<Int32>.self).wrappedSum()
    }
    return (rounds * 12 * 64 * 2, sum)
  }
#endif
