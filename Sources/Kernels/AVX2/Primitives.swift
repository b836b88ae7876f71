// What AVX2 with FMA and F16C does in its own way; everything else is in `Shared`.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// a × b + c, rounded once.
  @inline(__always)
  func multiplyAdd(_ a: Floats, _ b: Floats, _ c: Floats) -> Floats {
    Floats(
      lowHalf: _mm256_fmadd_ps(a.lowHalf, b.lowHalf, c.lowHalf),
      highHalf: _mm256_fmadd_ps(a.highHalf, b.highHalf, c.highHalf))
  }

  /// sum + Σ byte × quant over the four unsigned bytes of each lane and the four signed ones at
  /// `quants`. Exact for bytes up to 63: a pair of products must fit 16 bits.
  @inline(__always)
  func dot(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
    let broadcast = _mm256_set1_epi32(quants.loadUnaligned(as: Int32.self))
    let ones = _mm256_set1_epi16(1)
    @inline(__always) func add(_ sum: SIMD8<Int32>, _ bytes: SIMD8<UInt32>) -> SIMD8<Int32> {
      let pairs = _mm256_maddubs_epi16(unsafeBitCast(bytes, to: __m256i.self), broadcast)
      return sum &+ unsafeBitCast(_mm256_madd_epi16(pairs, ones), to: SIMD8<Int32>.self)
    }
    return Integers(
      lowHalf: add(sum.lowHalf, bytes.lowHalf), highHalf: add(sum.highHalf, bytes.highHalf))
  }

  /// Whether tiles of several tokens go through a block's groups by a loop: there are few registers.
  @inline(__always) var loopsOverGroups: Bool { true }

  /// Groups of bytes up to `largest` whose products with quants fit 16 bits, two of each lane together.
  @inline(__always)
  func pairedGroupCount(largest: Int) -> Int {
    largest <= 15 ? 8 : largest <= 31 ? 4 : largest <= 63 ? 2 : 1
  }

  /// Sums of products in pairs, those of eight rows in each half.
  typealias Pairs = SIMD32<Int16>

  @inline(__always) var noPairs: Pairs { Pairs(repeating: 0) }

  /// pairs + byte × quant, the two of a pair together.
  @inline(__always)
  func adding(_ bytes: Words, _ quants: UnsafeRawPointer, to pairs: Pairs) -> Pairs {
    let broadcast = _mm256_set1_epi32(quants.loadUnaligned(as: Int32.self))
    @inline(__always) func add(_ pairs: SIMD16<Int16>, _ bytes: SIMD8<UInt32>) -> SIMD16<Int16> {
      pairs
        &+ unsafeBitCast(
          _mm256_maddubs_epi16(unsafeBitCast(bytes, to: __m256i.self), broadcast),
          to: SIMD16<Int16>.self)
    }
    return Pairs(
      lowHalf: add(pairs.lowHalf, bytes.lowHalf), highHalf: add(pairs.highHalf, bytes.highHalf))
  }

  /// sum + the two pairs of each lane.
  @inline(__always)
  func adding(_ pairs: Pairs, to sum: Integers) -> Integers {
    let ones = _mm256_set1_epi16(1)
    @inline(__always) func add(_ pairs: SIMD16<Int16>, _ sum: SIMD8<Int32>) -> SIMD8<Int32> {
      sum
        &+ unsafeBitCast(
          _mm256_madd_epi16(unsafeBitCast(pairs, to: __m256i.self), ones), to: SIMD8<Int32>.self)
    }
    return Integers(
      lowHalf: add(pairs.lowHalf, sum.lowHalf), highHalf: add(pairs.highHalf, sum.highHalf))
  }

  /// As `dot`, for bytes that use all eight bits and stand for their value minus 128.
  @inline(__always)
  func dotWide(_ sum: Integers, _ bytes: Words, _ quants: UnsafeRawPointer) -> Integers {
    let broadcast = _mm256_set1_epi32(quants.loadUnaligned(as: Int32.self))
    let ones = _mm256_set1_epi16(1)
    @inline(__always) func add(_ sum: SIMD8<Int32>, _ bytes: SIMD8<UInt32>) -> SIMD8<Int32> {
      let signed = unsafeBitCast(bytes ^ 0x8080_8080, to: __m256i.self)
      let pairs = _mm256_maddubs_epi16(
        _mm256_abs_epi8(signed), _mm256_sign_epi8(broadcast, signed))
      return sum &+ unsafeBitCast(_mm256_madd_epi16(pairs, ones), to: SIMD8<Int32>.self)
    }
    return Integers(
      lowHalf: add(sum.lowHalf, bytes.lowHalf), highHalf: add(sum.highHalf, bytes.highHalf))
  }

  /// Where the sums of `dotWide` begin: at 0, since it takes the zero point off each byte.
  @inline(__always) var wideZeroPoint: Int? { nil }

  /// Adds `value`, a power of two that no byte has, to the bytes whose bit is set.
  @inline(__always)
  func adding(_ value: UInt8, to bytes: Words, where mask: UInt64) -> Words {
    // Byte b of 32 takes the mask byte that holds bit b, keeps that bit, and compares.
    let spread = unsafeBitCast(
      SIMD4<UInt64>(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303),
      to: __m256i.self)
    let bit = _mm256_set1_epi64x(Int64(bitPattern: 0x8040_2010_0804_0201))
    @inline(__always) func add(_ bytes: SIMD8<UInt32>, _ mask: UInt32) -> SIMD8<UInt32> {
      let copies = _mm256_shuffle_epi8(_mm256_set1_epi32(Int32(bitPattern: mask)), spread)
      let set = _mm256_cmpeq_epi8(_mm256_and_si256(copies, bit), bit)
      return bytes
        | unsafeBitCast(
          _mm256_and_si256(set, _mm256_set1_epi8(CChar(value))), to: SIMD8<UInt32>.self)
    }
    return Words(
      lowHalf: add(bytes.lowHalf, UInt32(truncatingIfNeeded: mask)),
      highHalf: add(bytes.highHalf, UInt32(truncatingIfNeeded: mask >> 32)))
  }

  /// The bytes of `table` at the numbers 0...15 in `indices`.
  @inline(__always)
  func lookup(_ indices: Words, _ table: SIMD16<UInt8>) -> Words {
    let both = _mm256_broadcastsi128_si256(unsafeBitCast(table, to: __m128i.self))
    @inline(__always) func look(_ indices: SIMD8<UInt32>) -> SIMD8<UInt32> {
      unsafeBitCast(
        _mm256_shuffle_epi8(both, unsafeBitCast(indices, to: __m256i.self)),
        to: SIMD8<UInt32>.self)
    }
    return Words(lowHalf: look(indices.lowHalf), highHalf: look(indices.highHalf))
  }

  /// 16 half-precision numbers.
  @inline(__always)
  func loadHalves(_ address: UnsafeRawPointer) -> Floats {
    Floats(
      lowHalf: _mm256_cvtph_ps(address.loadUnaligned(as: __m128i.self)),
      highHalf: _mm256_cvtph_ps(address.loadUnaligned(fromByteOffset: 16, as: __m128i.self)))
  }

  /// The nearest half-precision number, ties to even; finite numbers stay finite.
  @inline(__always)
  func half(_ value: Float) -> UInt16 {
    Float16(value > 65_504 ? 65_504 : value < -65_504 ? -65_504 : value).bitPattern
  }

  // The larger and the smaller of each pair of lanes; `a` where one is no number.

  @inline(__always)
  func larger(_ a: Floats, _ b: Floats) -> Floats {
    Floats(lowHalf: larger(a.lowHalf, b.lowHalf), highHalf: larger(a.highHalf, b.highHalf))
  }

  @inline(__always)
  func larger(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> { _mm256_max_ps(b, a) }

  @inline(__always)
  func larger(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> { _mm_max_ps(b, a) }

  @inline(__always)
  func smaller(_ a: Floats, _ b: Floats) -> Floats {
    Floats(
      lowHalf: _mm256_min_ps(b.lowHalf, a.lowHalf), highHalf: _mm256_min_ps(b.highHalf, a.highHalf))
  }

  /// Whether a lane has a sign.
  @inline(__always)
  func hasNegative(_ x: Floats) -> Bool {
    _mm256_movemask_ps(x.lowHalf) | _mm256_movemask_ps(x.highHalf) != 0
  }

  /// The square root.
  @inline(__always)
  func squareRoot(_ x: Floats) -> Floats {
    Floats(lowHalf: _mm256_sqrt_ps(x.lowHalf), highHalf: _mm256_sqrt_ps(x.highHalf))
  }

  @inline(__always)
  func floats(_ x: Integers) -> Floats {
    Floats(
      lowHalf: _mm256_cvtepi32_ps(unsafeBitCast(x.lowHalf, to: __m256i.self)),
      highHalf: _mm256_cvtepi32_ps(unsafeBitCast(x.highHalf, to: __m256i.self)))
  }

  @inline(__always)
  func widened(_ x: SIMD16<UInt16>) -> Words {
    @inline(__always) func wide(_ x: SIMD8<UInt16>) -> SIMD8<UInt32> {
      unsafeBitCast(
        _mm256_cvtepu16_epi32(unsafeBitCast(x, to: __m128i.self)), to: SIMD8<UInt32>.self)
    }
    return Words(lowHalf: wide(x.lowHalf), highHalf: wide(x.highHalf))
  }

  @inline(__always)
  func widened(_ x: SIMD16<UInt8>) -> Integers {
    @inline(__always) func wide(_ x: __m128i) -> SIMD8<Int32> {
      unsafeBitCast(_mm256_cvtepu8_epi32(x), to: SIMD8<Int32>.self)
    }
    let bytes = unsafeBitCast(x, to: __m128i.self)
    return Integers(lowHalf: wide(bytes), highHalf: wide(_mm_unpackhi_epi64(bytes, bytes)))
  }

  @inline(__always)
  func widened(_ x: SIMD16<Int8>) -> Integers {
    @inline(__always) func wide(_ x: __m128i) -> SIMD8<Int32> {
      unsafeBitCast(_mm256_cvtepi8_epi32(x), to: SIMD8<Int32>.self)
    }
    let bytes = unsafeBitCast(x, to: __m128i.self)
    return Integers(lowHalf: wide(bytes), highHalf: wide(_mm_unpackhi_epi64(bytes, bytes)))
  }

  /// The lowest byte of each lane.
  @inline(__always)
  func lowBytes(_ x: Words) -> SIMD16<UInt8> {
    let bytes = x & 255
    let halves = _mm256_packus_epi32(
      unsafeBitCast(bytes.lowHalf, to: __m256i.self),
      unsafeBitCast(bytes.highHalf, to: __m256i.self))
    let ordered = SIMD4(halves[0], halves[2], halves[1], halves[3])
    return unsafeBitCast(
      _mm_packus_epi16(ordered.lowHalf, ordered.highHalf), to: SIMD16<UInt8>.self)
  }

  /// Bit `i` is the lowest bit of byte `i`.
  @inline(__always)
  func lowestBits(_ bytes: Words) -> UInt64 {
    @inline(__always) func mask(_ half: SIMD8<UInt32>) -> UInt64 {
      let bits = _mm256_movemask_epi8(unsafeBitCast(half &<< 7, to: __m256i.self))
      return UInt64(UInt32(bitPattern: bits))
    }
    return mask(bytes.lowHalf) | mask(bytes.highHalf) << 32
  }

  /// The low bytes of numbers in -128...127.
  @inline(__always)
  func narrowed(_ x: Integers) -> SIMD16<Int8> {
    // Packing works in 128-bit lanes; the permutation puts the quarters back in order.
    let low = unsafeBitCast(x.lowHalf, to: __m256i.self)
    let high = unsafeBitCast(x.highHalf, to: __m256i.self)
    let halves = _mm256_packs_epi32(low, high)
    let ordered = SIMD4(halves[0], halves[2], halves[1], halves[3])
    return unsafeBitCast(
      _mm_packs_epi16(ordered.lowHalf, ordered.highHalf), to: SIMD16<Int8>.self)
  }
#endif
