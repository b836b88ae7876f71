// Products of packed weights: which tile a layout takes, and how tokens are cut into tiles.

import KernelInterface

/// Multiplies panels of weights with activations.
@Sendable
func product(_ call: PanelProduct) {
  switch call.format {
  case .Q4_0: walk(call, SimpleTile<BlockQ4_0>.self)
  case .Q4_1: walk(call, SimpleTile<BlockQ4_1>.self)
  case .Q5_0: walk(call, SimpleTile<BlockQ5_0>.self)
  case .Q5_1: walk(call, SimpleTile<BlockQ5_1>.self)
  case .Q8_0: walk(call, SimpleTile<BlockQ8_0>.self)
  case .Q4_K: walk(call, ScaledMinimumTile<PlainNibbles>.self)
  case .Q5_K: walk(call, ScaledMinimumTile<FifthBitNibbles>.self)
  case .Q6_K: walk(call, Q6_KTile.self)
  case .F32: walk(call, FloatTile<SingleColumn>.self)
  case .F16: walk(call, FloatTile<HalfColumn>.self)
  case .BF16: walk(call, FloatTile<BrainColumn>.self)
  }
}

/// 16 rows × `T` tokens of one layout, kept in registers.
protocol Tile {
  /// Adds all columns of `panel` for `T` tokens into 16 sums each.
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
  ) -> InlineArray<T, Floats>
}

@inline(__always)
private func walk<K: Tile>(_ call: PanelProduct, _ kind: K.Type) {
  for p in 0..<call.panelCount {
    let panel = call.panels + p * call.panelBytes
    let output = call.output + p * panelRowCount
    var token = 0
    // As many sums as the registers hold: 32 of 16 lanes, 16 of 8, 16 of 4.
    #if EIGHT_TOKEN_TILES
      while call.tokenCount - token >= 8 {
        run(call, kind, panel, output, token, InlineArray<8, Floats>.self)
        token += 8
      }
    #endif
    #if EIGHT_TOKEN_TILES || FOUR_TOKEN_TILES
      while call.tokenCount - token >= 4 {
        run(call, kind, panel, output, token, InlineArray<4, Floats>.self)
        token += 4
      }
      if call.tokenCount - token >= 2 {
        run(call, kind, panel, output, token, InlineArray<2, Floats>.self)
        token += 2
      }
    #endif
    while token < call.tokenCount {
      run(call, kind, panel, output, token, InlineArray<1, Floats>.self)
      token += 1
    }
  }
}

@inline(__always)
private func run<let T: Int, K: Tile>(
  _ call: PanelProduct, _ kind: K.Type, _ panel: UnsafeRawPointer,
  _ output: UnsafeMutablePointer<Float>, _ token: Int, _ tokens: InlineArray<T, Floats>.Type
) {
  let sums: InlineArray<T, Floats> = K.sums(
    panel, call.columns, call.activations + token * call.activationStride, call.activationStride)
  for t in 0..<T { store(sums[t], output + (token + t) * call.outputStride) }
}
