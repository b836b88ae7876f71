// Short names for the 512-bit operations that the kernels share.

#if arch(x86_64) && !os(macOS)
  import _Builtin_intrinsics.intel

  typealias Integers = __m512i
  typealias Floats = __m512

  @inline(__always)
  func loadIntegers(_ address: UnsafeRawPointer, _ offset: Int) -> Integers {
    address.loadUnaligned(fromByteOffset: offset, as: Integers.self)
  }

  @inline(__always)
  func loadFloats(_ address: UnsafePointer<Float>, _ index: Int) -> Floats {
    UnsafeRawPointer(address + index).loadUnaligned(as: Floats.self)
  }

  @inline(__always)
  func store(_ value: Floats, _ address: UnsafeMutablePointer<Float>, _ index: Int) {
    UnsafeMutableRawPointer(address + index).storeBytes(of: value, as: Floats.self)
  }

  /// 16 half-precision numbers as floats.
  @inline(__always)
  func loadHalves(_ address: UnsafeRawPointer, _ offset: Int) -> Floats {
    _mm512_cvtph_ps(address.loadUnaligned(fromByteOffset: offset, as: __m256i.self))
  }

  /// 16 `bfloat16` numbers as floats.
  @inline(__always)
  func loadBrainFloats(_ address: UnsafeRawPointer, _ offset: Int) -> Floats {
    let bits = address.loadUnaligned(fromByteOffset: offset, as: __m256i.self)
    return unsafeBitCast(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16), to: Floats.self)
  }

  @inline(__always)
  func broadcastFloat(_ address: UnsafeRawPointer, _ offset: Int) -> Floats {
    _mm512_set1_ps(address.loadUnaligned(fromByteOffset: offset, as: Float.self))
  }

  @inline(__always)
  func broadcastWord(_ address: UnsafeRawPointer, _ offset: Int) -> Integers {
    _mm512_set1_epi32(address.loadUnaligned(fromByteOffset: offset, as: Int32.self))
  }
#endif
