// Products of packed weights: which tile a layout takes, and how tokens are cut into tiles.

public import KernelInterface

/// Multiplies panels of weights with activations.
///
/// Public for the compiler's sake alone: an internal one is cut into a function for each layout, and
/// the sums of twelve tokens are then kept in memory as well as in registers.
@Sendable
public func product(_ call: PanelProduct) {
  switch call.format {
  case .Q4_0: walk(call, SimpleTile<BlockQ4_0>.self, PlainBlocks.self)
  case .Q4_1: walk(call, SimpleTile<BlockQ4_1>.self, BlocksWithMinimum.self)
  case .Q5_0: walk(call, SimpleTile<BlockQ5_0>.self, PlainBlocks.self)
  case .Q5_1: walk(call, SimpleTile<BlockQ5_1>.self, BlocksWithMinimum.self)
  case .Q8_0: walk(call, SimpleTile<BlockQ8_0>.self, PlainBlocks.self)
  case .Q4_K: walk(call, ScaledMinimumTile<PlainNibbles>.self, SharedBlocks<PartWithMinimum>.self)
  case .Q5_K:
    walk(call, ScaledMinimumTile<FifthBitNibbles>.self, SharedBlocks<PartWithMinimum>.self)
  case .Q6_K: walk(call, HalvedTile<Q6_KPart>.self, RowBlocks<Q6_KPart>.self)
  case .Q3_K: walk(call, HalvedTile<Q3_KPart>.self, RowBlocks<Q3_KPart>.self)
  case .Q2_K: walk(call, HalvedTile<Q2_KPart>.self, SharedBlocks<HalvedUnpackedPart<Q2_KPart>>.self)
  case .IQ4_NL: walk(call, SimpleTile<BlockIQ4_NL>.self, PlainBlocks.self)
  case .IQ4_XS: walk(call, IQ4_XSTile.self, SharedBlocks<PlainPart>.self)
  case .MXFP4: walk(call, SimpleTile<BlockMXFP4>.self, PlainBlocks.self)
  case .scaledBytes:
    walk(
      call, HalvedTile<ScaledBytesPart>.self, SharedBlocks<HalvedUnpackedPart<ScaledBytesPart>>.self
    )
  case .F32: multiplyFloats(call, SingleColumn.self)
  case .F16: multiplyFloats(call, HalfColumn.self)
  case .BF16: multiplyFloats(call, BrainColumn.self)
  }
}

/// 16 rows × `T` tokens of one layout, kept in registers.
///
/// One protocol for both ways: one that refines it, or has a type of its own, brings functions of the
/// language's runtime, which other modules share (`scripts/check-objects`).
protocol Tile {
  /// The most tokens, where there are 32 registers of 16 lanes: 8 or 12.
  static var tokenCount: Int { get }
  /// Adds all columns of `panel` for `T` tokens into 16 sums each.
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ tokens: TokenBlocks<4>
  ) -> InlineArray<T, Floats>
  /// Where activation blocks keep the word that products begin with, if the kind has one.
  static var unpackedZeroPoint: Int { get }
  /// What unpacked bytes are at most.
  static var largestByte: Int { get }
  /// Columns of a block.
  static var columnUnit: Int { get }
  /// Unpacks the blocks that hold `columns` of one panel: `output` is the first, the next is two
  /// strides behind it.
  static func unpack(
    _ panel: UnsafeRawPointer, _ columns: Range<Int>, _ output: UnsafeMutableRawPointer)
}

/// Tokens outside, panels inside: a tile's activations stay in the first-level cache while the
/// panels of the call, which fit the second, go by. Many tokens go by weights that were unpacked.
@inline(__always)
private func walk<K: Tile, U: UnpackedKind>(
  _ call: PanelProduct, _ kind: K.Type, _ unpacked: U.Type
) {
  guard case .blocks(let layout) = call.layout else { return }
  #if TWELVE_TOKEN_TILES || FOUR_TOKEN_TILES
    // Eight bits are there as they are, and cannot be added as pairs.
    let gains = !loopsOverGroups || K.largestByte <= 63
    if gains, call.tokenCount >= unpackedTokenCount {
      return multiplyUnpacked(call, layout, kind, unpacked)
    }
  #endif
  var token = 0
  // As many sums as the registers hold: 32 of 16 lanes, 16 of 8, 16 of 4.
  #if TWELVE_TOKEN_TILES
    while K.tokenCount == 12, call.tokenCount - token >= 12 {
      run(call, layout, kind, token, InlineArray<12, Floats>.self)
      token += 12
    }
    while call.tokenCount - token >= 8 {
      run(call, layout, kind, token, InlineArray<8, Floats>.self)
      token += 8
    }
  #endif
  #if TWELVE_TOKEN_TILES || FOUR_TOKEN_TILES
    while call.tokenCount - token >= 4 {
      run(call, layout, kind, token, InlineArray<4, Floats>.self)
      token += 4
    }
    if call.tokenCount - token >= 2 {
      run(call, layout, kind, token, InlineArray<2, Floats>.self)
      token += 2
    }
  #endif
  while token < call.tokenCount {
    run(call, layout, kind, token, InlineArray<1, Floats>.self)
    token += 1
  }
}

@inline(__always)
private func run<let T: Int, K: Tile>(
  _ call: PanelProduct, _ layout: ActivationLayout, _ kind: K.Type, _ token: Int,
  _ tokens: InlineArray<T, Floats>.Type
) {
  let activations = TokenBlocks<4>(call.activations, layout, token: token, block: 0)
  for p in 0..<call.panelCount {
    let sums: InlineArray<T, Floats> = K.sums(
      call.panels + p * call.panelBytes, call.columns, activations)
    let output = call.output + p * panelRowCount + token * call.outputStride
    for t in 0..<T { store(sums[t], output + t * call.outputStride) }
  }
}
