// Products of quantised weights with quantised activations: 16 rows × up to 12 tokens in registers.

import KernelInterface

/// The blocks of a tile's tokens at one place of their rows, `run` tokens behind each of three
/// addresses.
///
/// Tokens of a group stand side by side, so a token is a fixed distance from its address and no
/// instruction needs an index.
struct TokenBlocks<let run: Int> {
  private var places: (UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer)
  private let stride: Int

  /// The blocks from `block` on of the tokens from `token` on, a multiple of `run`, which divides a
  /// group.
  @inline(__always)
  init(_ activations: UnsafeRawPointer, _ layout: ActivationLayout, token: Int, block: Int) {
    let base = activations + block * layout.blockStride
    places = (
      base + layout.offset(row: token), base + layout.offset(row: token + run),
      base + layout.offset(row: token + 2 * run)
    )
    stride = layout.blockStride
  }

  @inline(__always)
  subscript(token: Int) -> UnsafeRawPointer {
    let place = token < run ? places.0 : token < 2 * run ? places.1 : places.2
    return place + token % run * ActivationBlock.stride
  }

  @inline(__always)
  mutating func advance(by blocks: Int = 1) {
    places.0 += blocks * stride
    places.1 += blocks * stride
    places.2 += blocks * stride
  }

  @inline(__always)
  func advanced(by blocks: Int) -> TokenBlocks {
    var result = self
    result.advance(by: blocks)
    return result
  }
}

/// Adds bytes × quants of one group to the sums of all tokens.
///
/// Token after token within a group, so that neighbouring instructions are independent.
@inline(__always)
func addGroup<let T: Int>(
  _ sums: inout InlineArray<T, Integers>, _ bytes: Words, _ group: Int, isWide: Bool,
  _ blocks: TokenBlocks<4>
) {
  unrolled(T) { t in
    let quants = blocks[t] + 4 * group
    sums[t] = isWide ? dotWide(sums[t], bytes, quants) : dot(sums[t], bytes, quants)
  }
}

/// Adds all groups of a block, or of a half, to the sums of all tokens. `forEachGroup` calls its second
/// argument with the bytes of each of `groupCount` groups, of which none is larger than `largest`.
///
/// Where products come as pairs of 16 bits, several are added before they are widened.
///
/// - Parameter unknown: 2, and the compiler must not know it.
@inline(__always)
func addGroups<let T: Int>(
  _ sums: inout InlineArray<T, Integers>, _ groupCount: Int, largest: Int, unknown: Int,
  _ blocks: TokenBlocks<4>, _ forEachGroup: (Turns, (Words, Int) -> Void) -> Void
) {
  let pairedCount = min(groupCount, pairedGroupCount(largest: largest))
  let turns: Turns = T > 1 && loopsOverGroups ? .looped(unknown) : .unrolled
  if pairedCount == 1 {
    return forEachGroup(turns) { bytes, group in
      addGroup(&sums, bytes, group, isWide: largest > 63, blocks)
    }
  }
  var pairs = InlineArray<T, Pairs>(repeating: noPairs)
  var count = 0
  forEachGroup(turns) { bytes, group in
    unrolled(T) { t in pairs[t] = adding(bytes, blocks[t] + 4 * group, to: pairs[t]) }
    count += 1
    if count == pairedCount, pairedCount < groupCount {
      widen(&pairs, into: &sums)
      count = 0
    }
  }
  if pairedCount == groupCount { widen(&pairs, into: &sums) }
}

/// Adds the pairs to the sums, and begins anew.
@inline(__always)
func widen<let T: Int>(
  _ pairs: inout InlineArray<T, Pairs>, into sums: inout InlineArray<T, Integers>
) {
  unrolled(T) { t in
    sums[t] = adding(pairs[t], to: sums[t])
    pairs[t] = noPairs
  }
}

/// Sums that begin with the blocks' word at `offset`, or at 0 where there is none.
@inline(__always)
func startingSums<let T: Int>(
  _ blocks: TokenBlocks<4>, _ offset: Int?
) -> InlineArray<T, Integers> {
  var sums = InlineArray<T, Integers>(repeating: Integers(repeating: IntegerSum.zero))
  if let offset {
    unrolled(T) { t in sums[t] = broadcastInteger(blocks[t] + offset) }
  }
  return sums
}

/// The integer of a sum.
@inline(__always)
func integerValue(_ sum: Integers) -> Floats {
  unsafeBitCast(sum, to: Floats.self) - IntegerSum.zeroValue
}

/// Adds scale × activation scale × integer sum to the sums of all tokens.
@inline(__always)
func addScaled<let T: Int>(
  _ sums: inout InlineArray<T, Floats>, _ products: inout InlineArray<T, Integers>, _ scale: Floats,
  _ blocks: TokenBlocks<4>
) {
  unrolled(T) { t in
    let factor = scale * broadcastFloat(blocks[t] + ActivationBlock.scale)
    sums[t] = multiplyAdd(integerValue(products[t]), factor, sums[t])
  }
}

/// Adds scale × integer sum to what blocks with one activation scale share.
@inline(__always)
func addScaled<let T: Int>(
  _ shares: inout InlineArray<T, Floats>, _ products: InlineArray<T, Integers>, _ scale: Floats
) {
  unrolled(T) { t in shares[t] = multiplyAdd(integerValue(products[t]), scale, shares[t]) }
}

/// Adds activation scale × the sum over the blocks that share it, for `count` blocks, to which `body`
/// adds one after the other.
///
/// One loop: as two, the inner is unrolled, and its sums take more registers than there are.
@inline(__always)
func addShared<let T: Int>(
  _ sums: inout InlineArray<T, Floats>, _ blocks: inout TokenBlocks<4>, _ count: Int,
  sharing sharedCount: Int,
  _ body: (_ shares: inout InlineArray<T, Floats>, _ blocks: TokenBlocks<4>) -> Void
) {
  var shares = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
  for index in 1...count {
    body(&shares, blocks)
    if index % sharedCount == 0 {
      unrolled(T) { t in
        sums[t] = multiplyAdd(
          shares[t], broadcastFloat(blocks[t] + ActivationBlock.scale), sums[t])
        shares[t] = Floats(repeating: 0)
      }
    }
    blocks.advance()
  }
}

/// Adds minimum × sum of activations to the sums of all tokens.
@inline(__always)
func addMinimums<let T: Int>(
  _ sums: inout InlineArray<T, Floats>, _ minimum: Floats, _ blocks: TokenBlocks<4>
) {
  unrolled(T) { t in
    sums[t] = multiplyAdd(
      minimum, broadcastFloat(blocks[t] + ActivationBlock.scaledSum), sums[t])
  }
}

enum SimpleTile<Block: SimpleBlock>: Tile {
  @inline(__always) static var tokenCount: Int { 12 }
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TokenBlocks<4>
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var block = panel
    var activations = tokens
    for _ in 0..<(columns / blockElementCount) {
      prefetchWeights(after: block, Block.blockBytes, tokenCount: T)
      var products: InlineArray<T, Integers> = startingSums(activations, Block.zeroPoint)
      addGroups(
        &products, 8, largest: Block.largestByte, unknown: min(columns, 2), activations
      ) { turns, body in Block.forEachGroup(block, turns, body) }
      addScaled(&sums, &products, Block.scale(block), activations)
      if Block.hasMinimum { addMinimums(&sums, loadHalves(block + 32), activations) }
      block += Block.blockBytes
      activations.advance()
    }
    return sums
  }
}

enum ScaledMinimumTile<Part: ScaledPart>: Tile {
  @inline(__always) static var tokenCount: Int { 12 }
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TokenBlocks<4>
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = tokens
    for _ in 0..<(columns / 256) {
      let blockScale = loadHalves(part)
      let blockMinimum = -loadHalves(part + 32)
      part += 64
      addShared(&sums, &activations, 8, sharing: 4) { shares, blocks in
        prefetchWeights(after: part, Part.partBytes, tokenCount: T)
        var products: InlineArray<T, Integers> = startingSums(blocks, nil)
        addGroups(
          &products, 8, largest: Part.largestByte, unknown: min(columns, 2), blocks
        ) { turns, body in Part.forEachGroup(part, turns, body) }
        addScaled(&shares, products, blockScale * loadBytes(part))
        let minimum = blockMinimum * loadBytes(part + 16)
        unrolled(T) { t in
          shares[t] = multiplyAdd(
            minimum, broadcastFloat(blocks[t] + ActivationBlock.sum), shares[t])
        }
        part += Part.partBytes
      }
    }
    return sums
  }
}

enum IQ4_XSTile: Tile {
  @inline(__always) static var tokenCount: Int { 12 }
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TokenBlocks<4>
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activations = tokens
    for _ in 0..<(columns / 256) {
      let blockScale = loadHalves(part)
      part += 32
      addShared(&sums, &activations, 8, sharing: 4) { shares, blocks in
        prefetchWeights(after: part, IQ4_XSPart.partBytes, tokenCount: T)
        var products: InlineArray<T, Integers> = startingSums(blocks, wideZeroPoint)
        addGroups(&products, 8, largest: 255, unknown: min(columns, 2), blocks) { turns, body in
          IQ4_XSPart.forEachGroup(part, turns, body)
        }
        addScaled(&shares, products, blockScale * floats(loadSignedBytes(part)))
        part += IQ4_XSPart.partBytes
      }
    }
    return sums
  }
}
