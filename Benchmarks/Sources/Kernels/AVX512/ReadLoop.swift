// A plain read of memory with the widest loads of AVX-512.

#if arch(x86_64)
  import _Builtin_intrinsics.intel

  /// Adds up `words`, whose count is a multiple of 32, and which starts at a multiple of 64 bytes.
  @inline(never)
  public func readLoop(words: UnsafeBufferPointer<UInt64>) -> UInt64 {
    let vectors = UnsafeRawPointer(words.baseAddress!).assumingMemoryBound(to: __m512i.self)
    var a = _mm512_setzero_si512()
    var b = a
    var c = a
    var d = a
    for index in stride(from: 0, to: words.count / 8, by: 4) {
      a = _mm512_add_epi64(a, vectors[index])
      b = _mm512_add_epi64(b, vectors[index + 1])
      c = _mm512_add_epi64(c, vectors[index + 2])
      d = _mm512_add_epi64(d, vectors[index + 3])
    }
    let sum = _mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d))
    return unsafeBitCast(sum, to: SIMD8<UInt64>.self).wrappedSum()
  }
#endif
