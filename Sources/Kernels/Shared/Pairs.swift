// Sets whose products come as 32 bits, with nothing to add before: `Pairs` and `RowBlocks` are AVX2's.

#if !FOUR_TOKEN_TILES
  import KernelInterface

  /// Whether tiles of several tokens go through a block's groups by a loop: there are few registers.
  @inline(__always) var loopsOverGroups: Bool { false }

  @inline(__always) func pairedGroupCount(largest: Int) -> Int { 1 }

  typealias Pairs = Integers

  @inline(__always) var noPairs: Pairs { Pairs(repeating: 0) }

  @inline(__always)
  func adding(_ bytes: Words, _ quants: UnsafeRawPointer, to pairs: Pairs) -> Pairs {
    dot(pairs, bytes, quants)
  }

  @inline(__always)
  func adding(_ pairs: Pairs, to sum: Integers) -> Integers { sum &+ pairs }

  typealias RowBlocks<Part: HalvedPart> = SharedBlocks<HalvedUnpackedPart<Part>>
#endif
