// Products of weights whose scales are those of 16 columns.
//
// The halves of parts are brought to their scales and added before the activations' scale is
// applied: one product for all that share it.

import KernelInterface

/// What a block's factors are multiplied with.
struct BlockFactors {
  var scale: Floats
  var minimum: Floats
}

/// A layout whose 32-column parts have a scale for each half.
///
/// The weight is `scale × (byte - zero point)`, or `scale × byte + minimum`.
protocol HalvedPart {
  /// Parts that share their block's factors, which stand before them.
  static var blockPartCount: Int { get }
  /// Parts whose activations share a scale.
  static var sharedPartCount: Int { get }
  static var factorBytes: Int { get }
  static var partBytes: Int { get }
  static var zeroPoint: HalvedZeroPoint { get }
  /// What bytes are at most.
  static var largestByte: Int { get }
  static func factors(_ block: UnsafeRawPointer) -> BlockFactors
  /// The scales of the rows.
  static func scale(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats
  /// The minimums of the rows, where there is no zero point.
  static func minimum(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats
  /// Calls `body` for each of the half's four groups.
  static func forEachGroup(
    _ part: UnsafeRawPointer, half: Int, _ body: (Words, Int) -> Void)
}

extension HalvedPart {
  @inline(__always)
  static func minimum(_ part: UnsafeRawPointer, half: Int, _ factors: BlockFactors) -> Floats {
    Floats(repeating: 0)
  }
}

/// What is subtracted from a half's bytes.
enum HalvedZeroPoint {
  /// Nothing: there are minimums.
  case none
  case at32
  /// 128, where `dotWide` takes bytes as they are.
  case wide
}

/// The sum of a half's quants times -32, which activation blocks keep for the zero point 32.
@inline(__always)
func halfStart(_ block: UnsafeRawPointer, _ half: Int) -> Integers {
  broadcastInteger(
    block + ActivationBlock.lowZeroPoint32
      + half * (ActivationBlock.highZeroPoint32 - ActivationBlock.lowZeroPoint32))
}

/// What the products of a half begin with.
@inline(__always)
func startOfHalf(
  _ block: UnsafeRawPointer, _ half: Int, _ zeroPoint: HalvedZeroPoint
) -> Integers {
  switch zeroPoint {
  case .none: return Integers(repeating: IntegerSum.zero)
  case .at32: return halfStart(block, half)
  case .wide:
    if wideZeroPoint == nil { return Integers(repeating: IntegerSum.zero) }
    // The zero point is 128: four times 32.
    return ((halfStart(block, half) &- IntegerSum.zero) &<< 2) &+ IntegerSum.zero
  }
}

/// The sum of a half's quants, for minimums: what is kept is -32 times it.
@inline(__always)
func quantsOfHalf(_ block: UnsafeRawPointer, _ half: Int) -> Floats {
  integerValue(halfStart(block, half)) * -0.03125
}

enum HalvedTile<Part: HalvedPart>: Tile {
  @inline(__always) static var tokenCount: Int { 8 }
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TokenBlocks<4>
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = tokens
    for _ in 0..<(columns / (blockElementCount * Part.blockPartCount)) {
      let factors = Part.factors(part)
      part += Part.factorBytes
      addShared(
        &sums, &activations, Part.blockPartCount, sharing: Part.sharedPartCount
      ) { shares, blocks in
        prefetchWeights(after: part, Part.partBytes, tokenCount: T)
        addHalf(&shares, part, 0, factors, blocks)
        addHalf(&shares, part, 1, factors, blocks)
        part += Part.partBytes
      }
    }
    return sums
  }

  @inline(__always)
  private static func addHalf<let T: Int>(
    _ shares: inout InlineArray<T, Floats>, _ part: UnsafeRawPointer, _ half: Int,
    _ factors: BlockFactors, _ blocks: TokenBlocks<4>
  ) {
    var products = InlineArray<T, Integers>(repeating: Integers(repeating: 0))
    unrolled(T) { t in products[t] = startOfHalf(blocks[t], half, Part.zeroPoint) }
    addGroups(&products, 4, largest: Part.largestByte, unknown: 2, blocks) { _, body in
      Part.forEachGroup(part, half: half, body)
    }
    addScaled(&shares, products, Part.scale(part, half: half, factors))
    if Part.zeroPoint == .none {
      let minimum = Part.minimum(part, half: half, factors)
      unrolled(T) { t in
        shares[t] = multiplyAdd(quantsOfHalf(blocks[t], half), minimum, shares[t])
      }
    }
  }
}
