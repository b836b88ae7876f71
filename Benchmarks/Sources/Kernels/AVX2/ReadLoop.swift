// A plain read of memory with the widest loads of AVX2.

#if arch(x86_64)
  import _Builtin_intrinsics.intel

  /// Adds up `words`, whose count is a multiple of 16, and which starts at a multiple of 32 bytes.
  @inline(never)
  public func readLoop(words: UnsafeBufferPointer<UInt64>) -> UInt64 {
    let vectors = UnsafeRawPointer(words.baseAddress!).assumingMemoryBound(to: __m256i.self)
    var a = _mm256_setzero_si256()
    var b = a
    var c = a
    var d = a
    for index in stride(from: 0, to: words.count / 4, by: 4) {
      a = _mm256_add_epi64(a, vectors[index])
      b = _mm256_add_epi64(b, vectors[index + 1])
      c = _mm256_add_epi64(c, vectors[index + 2])
      d = _mm256_add_epi64(d, vectors[index + 3])
    }
    let sum = _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(c, d))
    return unsafeBitCast(sum, to: SIMD4<UInt64>.self).wrappedSum()
  }
#endif
