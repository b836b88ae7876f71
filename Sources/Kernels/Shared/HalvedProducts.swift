// Products of weights whose scales are those of 16 columns: a half of a 32-column part is added
// before the other begins.

import KernelInterface

enum HalvedTile<Part: HalvedPart>: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TileTokens
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = TokenBlocks(tokens)
    for _ in 0..<(columns / 256) {
      let blockScale = loadHalves(part) * Part.scaleUnit
      part += 32
      for _ in 0..<8 {
        prefetchWeights(after: part, Part.partBytes, tokenCount: T)
        var low: InlineArray<T, Integers> = startingSums(
          activations, ActivationBlock.lowZeroPoint32)
        Part.forEachGroup(part, half: 0) { bytes, group in
          addGroup(&low, bytes, group, isWide: false, activations)
        }
        addScaled(&sums, &low, blockScale * floats(loadSignedBytes(part)), activations)
        var high: InlineArray<T, Integers> = startingSums(
          activations, ActivationBlock.highZeroPoint32)
        Part.forEachGroup(part, half: 1) { bytes, group in
          addGroup(&high, bytes, group, isWide: false, activations)
        }
        addScaled(&sums, &high, blockScale * floats(loadSignedBytes(part + 16)), activations)
        part += Part.partBytes
        activations.advance()
      }
    }
    return sums
  }
}

enum Q2_KTile: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TileTokens
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = TokenBlocks(tokens)
    for _ in 0..<(columns / 256) {
      let blockScale = loadHalves(part)
      let blockMinimum = -loadHalves(part + 32)
      part += 64
      for _ in 0..<8 {
        prefetchWeights(after: part, 160, tokenCount: T)
        addHalf(&sums, part, 0, blockScale, blockMinimum, activations)
        addHalf(&sums, part, 1, blockScale, blockMinimum, activations)
        part += 160
        activations.advance()
      }
    }
    return sums
  }

  @inline(__always)
  private static func addHalf<let T: Int>(
    _ sums: inout InlineArray<T, Floats>, _ part: UnsafeRawPointer, _ half: Int,
    _ blockScale: Floats, _ blockMinimum: Floats, _ blocks: TokenBlocks
  ) {
    let codes = widened((part + 16 * half).loadUnaligned(as: SIMD16<UInt8>.self))
    let pairs = loadWords(part + 32 + 64 * half)
    var products: InlineArray<T, Integers> = startingSums(blocks, nil)
    for i in 0..<4 {
      addGroup(&products, bitPairs(pairs, i), 4 * half + i, isWide: false, blocks)
    }
    addScaled(&sums, &products, blockScale * floats(codes & 15), blocks)
    // What Q6_K's sums begin with is -32 times the sum of the half's quants.
    let minimum = blockMinimum * floats(codes &>> 4) * -0.03125
    let place = half == 0 ? ActivationBlock.lowZeroPoint32 : ActivationBlock.highZeroPoint32
    unrolled(T) { t in
      let quants = broadcastFloat(blocks[t] + place) - IntegerSum.zeroValue
      let factor = minimum * broadcastFloat(blocks[t] + ActivationBlock.scale)
      sums[t] = multiplyAdd(quants, factor, sums[t])
    }
  }
}

/// The layout of formats that have none of their own.
enum ScaledBytesTile: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TileTokens
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = TokenBlocks(tokens)
    for _ in 0..<(columns / blockElementCount) {
      prefetchWeights(after: part, 640, tokenCount: T)
      addHalf(&sums, part, 0, activations)
      addHalf(&sums, part, 1, activations)
      part += 640
      activations.advance()
    }
    return sums
  }

  @inline(__always)
  private static func addHalf<let T: Int>(
    _ sums: inout InlineArray<T, Floats>, _ part: UnsafeRawPointer, _ half: Int,
    _ blocks: TokenBlocks
  ) {
    let place = half == 0 ? ActivationBlock.lowZeroPoint32 : ActivationBlock.highZeroPoint32
    var products: InlineArray<T, Integers> = startingSums(
      blocks, wideZeroPoint == nil ? nil : place)
    if wideZeroPoint != nil {
      // The zero point is 128: four times 32.
      unrolled(T) { t in
        products[t] = ((products[t] &- IntegerSum.zero) &<< 2) &+ IntegerSum.zero
      }
    }
    for i in 4 * half..<4 * half + 4 {
      addGroup(&products, loadWords(part + 128 + 64 * i), i, isWide: true, blocks)
    }
    addScaled(&sums, &products, (part + 64 * half).loadUnaligned(as: Floats.self), blocks)
  }
}
