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
  mutating func advance() {
    places.0 += stride
    places.1 += stride
    places.2 += stride
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
      Block.forEachGroup(block) { bytes, group in
        addGroup(&products, bytes, group, isWide: Block.isWide, activations)
      }
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
      for _ in 0..<8 {
        prefetchWeights(after: part, Part.partBytes, tokenCount: T)
        var products: InlineArray<T, Integers> = startingSums(activations, nil)
        Part.forEachGroup(part) { bytes, group in
          addGroup(&products, bytes, group, isWide: false, activations)
        }
        addScaled(&sums, &products, blockScale * loadBytes(part), activations)
        addMinimums(&sums, blockMinimum * loadBytes(part + 16), activations)
        part += Part.partBytes
        activations.advance()
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
      for _ in 0..<8 {
        prefetchWeights(after: part, IQ4_XSPart.partBytes, tokenCount: T)
        var products: InlineArray<T, Integers> = startingSums(activations, wideZeroPoint)
        IQ4_XSPart.forEachGroup(part) { bytes, group in
          addGroup(&products, bytes, group, isWide: true, activations)
        }
        addScaled(&sums, &products, blockScale * floats(loadSignedBytes(part)), activations)
        part += IQ4_XSPart.partBytes
        activations.advance()
      }
    }
    return sums
  }
}
