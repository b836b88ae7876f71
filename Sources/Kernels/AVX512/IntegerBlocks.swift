// Unpacking: how 32 columns of each integer layout become unsigned bytes and scales.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// 32 columns × 16 rows as unsigned bytes: register `g` holds group `g`, one row a lane.
  typealias Groups = (
    Integers, Integers, Integers, Integers, Integers, Integers, Integers, Integers
  )

  /// A layout whose 32-column blocks stand one behind the other.
  ///
  /// The weight is `scale × (byte - zero point)`, or `scale × byte + minimum`.
  protocol SimpleBlock {
    static var blockBytes: Int { get }
    static var hasMinimum: Bool { get }
    /// Where an activation block keeps the correction for the zero point; unused with a minimum.
    static var zeroPoint: Int { get }
    static func groups(_ block: UnsafeRawPointer) -> Groups
  }

  @inline(__always)
  func nibbleGroups(_ block: UnsafeRawPointer, _ offset: Int) -> Groups {
    let mask = _mm512_set1_epi8(15)
    let a = loadIntegers(block, offset)
    let b = loadIntegers(block, offset + 64)
    let c = loadIntegers(block, offset + 128)
    let d = loadIntegers(block, offset + 192)
    return (
      _mm512_and_si512(a, mask), _mm512_and_si512(b, mask),
      _mm512_and_si512(c, mask), _mm512_and_si512(d, mask),
      _mm512_and_si512(_mm512_srli_epi16(a, 4), mask),
      _mm512_and_si512(_mm512_srli_epi16(b, 4), mask),
      _mm512_and_si512(_mm512_srli_epi16(c, 4), mask),
      _mm512_and_si512(_mm512_srli_epi16(d, 4), mask)
    )
  }

  @inline(__always)
  func addingFifthBits(_ low: Groups, _ block: UnsafeRawPointer, _ offset: Int) -> Groups {
    let bit = _mm512_set1_epi8(16)
    @inline(__always) func add(_ value: Integers, _ group: Int) -> Integers {
      let mask = block.loadUnaligned(fromByteOffset: offset + 8 * group, as: UInt64.self)
      return _mm512_mask_add_epi8(value, mask, value, bit)
    }
    return (
      add(low.0, 0), add(low.1, 1), add(low.2, 2), add(low.3, 3),
      add(low.4, 4), add(low.5, 5), add(low.6, 6), add(low.7, 7)
    )
  }

  @inline(__always)
  func addingUpperBits(_ low: Groups, _ block: UnsafeRawPointer, _ offset: Int) -> Groups {
    let mask = _mm512_set1_epi8(0x30)
    let a = loadIntegers(block, offset)
    let b = loadIntegers(block, offset + 64)
    @inline(__always) func merge(_ value: Integers, _ upper: Integers) -> Integers {
      _mm512_or_si512(value, _mm512_and_si512(upper, mask))
    }
    return (
      merge(low.0, _mm512_slli_epi16(a, 4)), merge(low.1, _mm512_slli_epi16(a, 2)),
      merge(low.2, a), merge(low.3, _mm512_srli_epi16(a, 2)),
      merge(low.4, _mm512_slli_epi16(b, 4)), merge(low.5, _mm512_slli_epi16(b, 2)),
      merge(low.6, b), merge(low.7, _mm512_srli_epi16(b, 2))
    )
  }

  enum BlockQ4_0: SimpleBlock {
    static var blockBytes: Int { 288 }
    static var hasMinimum: Bool { false }
    static var zeroPoint: Int { ActivationBlock.zeroPoint8 }
    @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
      nibbleGroups(block, 32)
    }
  }

  enum BlockQ4_1: SimpleBlock {
    static var blockBytes: Int { 320 }
    static var hasMinimum: Bool { true }
    static var zeroPoint: Int { 0 }
    @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
      nibbleGroups(block, 64)
    }
  }

  enum BlockQ5_0: SimpleBlock {
    static var blockBytes: Int { 352 }
    static var hasMinimum: Bool { false }
    static var zeroPoint: Int { ActivationBlock.zeroPoint16 }
    @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
      addingFifthBits(nibbleGroups(block, 32), block, 288)
    }
  }

  enum BlockQ5_1: SimpleBlock {
    static var blockBytes: Int { 384 }
    static var hasMinimum: Bool { true }
    static var zeroPoint: Int { 0 }
    @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
      addingFifthBits(nibbleGroups(block, 64), block, 320)
    }
  }

  enum BlockQ8_0: SimpleBlock {
    static var blockBytes: Int { 544 }
    static var hasMinimum: Bool { false }
    static var zeroPoint: Int { ActivationBlock.zeroPoint128 }
    @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
      (
        loadIntegers(block, 32), loadIntegers(block, 96), loadIntegers(block, 160),
        loadIntegers(block, 224), loadIntegers(block, 288), loadIntegers(block, 352),
        loadIntegers(block, 416), loadIntegers(block, 480)
      )
    }
  }
#endif
