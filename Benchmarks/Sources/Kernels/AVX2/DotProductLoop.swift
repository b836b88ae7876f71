// The arithmetic limit of a processor with AVX2 and no VNNI: a loop of nothing but the three
// instructions that make a byte product with sums of four.

#if arch(x86_64)
  import _Builtin_intrinsics.intel

  /// Runs `rounds` rounds of six independent 32-lane byte products with sums of four.
  ///
  /// Each product changes its own accumulator, and reads it as weights too: a product of constants
  /// would be taken out of the loop.
  ///
  /// - Returns: the operations done (a multiplication and an addition count as two) and a sum that
  ///   depends on all of them, so that the loop cannot be dropped.
  @inline(never)
  public func dotProductLoop(rounds: Int) -> (operations: Int, sum: Int32) {
    let activations = _mm256_set1_epi8(3)
    let ones = _mm256_set1_epi16(1)
    var a = _mm256_set1_epi32(1)
    var b = _mm256_set1_epi32(2)
    var c = _mm256_set1_epi32(3)
    var d = _mm256_set1_epi32(4)
    var e = _mm256_set1_epi32(5)
    var f = _mm256_set1_epi32(6)
    for _ in 0..<rounds {
      a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, a), ones))
      b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, b), ones))
      c = _mm256_add_epi32(c, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, c), ones))
      d = _mm256_add_epi32(d, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, d), ones))
      e = _mm256_add_epi32(e, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, e), ones))
      f = _mm256_add_epi32(f, _mm256_madd_epi16(_mm256_maddubs_epi16(activations, f), ones))
    }
    var sum: Int32 = 0
    for vector in [a, b, c, d, e, f] {
      sum &+= unsafeBitCast(vector, to: SIMD8<Int32>.self).wrappedSum()
    }
    return (rounds * 6 * 32 * 2, sum)
  }
#endif
