// What AVX-512 does in its own way; everything else is in `Shared`.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// a × b + c, rounded once.
  @inline(__always)
  func multiplyAdd(_ a: Floats, _ b: Floats, _ c: Floats) -> Floats { _mm512_fmadd_ps(a, b, c) }

  /// sum + Σ byte × quant over the four unsigned bytes of each lane and the four signed ones at
  /// `quants`. Exact for all values.
  @inline(__always)
  func dot(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
    let broadcast = _mm512_set1_epi32(quants.loadUnaligned(as: Int32.self))
    return unsafeBitCast(
      _mm512_dpbusd_epi32(
        unsafeBitCast(sum, to: __m512i.self), unsafeBitCast(bytes, to: __m512i.self), broadcast),
      to: Integers.self)
  }

  /// As `dot`, for bytes that use all eight bits.
  @inline(__always)
  func dotWide(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
    dot(sum, bytes, quants)
  }

  /// Where the sums of `dotWide` begin: it takes bytes as they are, 128 above their value.
  @inline(__always) var wideZeroPoint: Int? { ActivationBlock.zeroPoint128 }

  /// Adds `value`, a power of two that no byte has, to the bytes whose bit is set.
  @inline(__always)
  func adding(_ value: UInt8, to bytes: Words, where mask: UInt64) -> Words {
    let bytes = unsafeBitCast(bytes, to: __m512i.self)
    return unsafeBitCast(
      _mm512_mask_add_epi8(bytes, mask, bytes, _mm512_set1_epi8(CChar(value))), to: Words.self)
  }

  /// The bytes of `table` at the numbers 0...15 in `indices`.
  @inline(__always)
  func lookup(_ indices: Words, _ table: SIMD16<UInt8>) -> Words {
    unsafeBitCast(
      _mm512_shuffle_epi8(
        _mm512_broadcast_i32x4(unsafeBitCast(table, to: __m128i.self)),
        unsafeBitCast(indices, to: __m512i.self)), to: Words.self)
  }

  /// 16 half-precision numbers.
  @inline(__always)
  func loadHalves(_ address: UnsafeRawPointer) -> Floats {
    _mm512_cvtph_ps(address.loadUnaligned(as: __m256i.self))
  }

  /// The nearest half-precision number, ties to even; finite numbers stay finite.
  @inline(__always)
  func half(_ value: Float) -> UInt16 {
    Float16(value > 65_504 ? 65_504 : value < -65_504 ? -65_504 : value).bitPattern
  }

  // The larger and the smaller of each pair of lanes; `a` where one is no number.

  @inline(__always)
  func larger(_ a: Floats, _ b: Floats) -> Floats { _mm512_max_ps(b, a) }

  @inline(__always)
  func larger(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> { _mm256_max_ps(b, a) }

  @inline(__always)
  func larger(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> { _mm_max_ps(b, a) }

  @inline(__always)
  func smaller(_ a: Floats, _ b: Floats) -> Floats { _mm512_min_ps(b, a) }

  /// Whether a lane has a sign.
  @inline(__always)
  func hasNegative(_ x: Floats) -> Bool {
    _mm512_movepi32_mask(unsafeBitCast(x, to: __m512i.self)) != 0
  }

  /// The square root.
  @inline(__always)
  func squareRoot(_ x: Floats) -> Floats { _mm512_sqrt_ps(x) }

  @inline(__always)
  func floats(_ x: Integers) -> Floats {
    _mm512_cvtepi32_ps(unsafeBitCast(x, to: __m512i.self))
  }

  @inline(__always)
  func widened(_ x: SIMD16<UInt16>) -> Words {
    unsafeBitCast(_mm512_cvtepu16_epi32(unsafeBitCast(x, to: __m256i.self)), to: Words.self)
  }

  @inline(__always)
  func widened(_ x: SIMD16<UInt8>) -> Integers {
    unsafeBitCast(_mm512_cvtepu8_epi32(unsafeBitCast(x, to: __m128i.self)), to: Integers.self)
  }

  @inline(__always)
  func widened(_ x: SIMD16<Int8>) -> Integers {
    unsafeBitCast(_mm512_cvtepi8_epi32(unsafeBitCast(x, to: __m128i.self)), to: Integers.self)
  }

  /// The lowest byte of each lane.
  @inline(__always)
  func lowBytes(_ x: Words) -> SIMD16<UInt8> {
    unsafeBitCast(
      _mm512_cvtepi32_epi8(unsafeBitCast(x, to: __m512i.self)), to: SIMD16<UInt8>.self)
  }

  /// Bit `i` is the lowest bit of byte `i`.
  @inline(__always)
  func lowestBits(_ bytes: Words) -> UInt64 {
    _mm512_movepi8_mask(unsafeBitCast(bytes &<< 7, to: __m512i.self))
  }

  /// The low bytes.
  @inline(__always)
  func narrowed(_ x: Integers) -> SIMD16<Int8> {
    unsafeBitCast(
      _mm512_cvtepi32_epi8(unsafeBitCast(x, to: __m512i.self)), to: SIMD16<Int8>.self)
  }
#endif
