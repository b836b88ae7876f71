// Products of float weights for many tokens: two panels become floats once, then all tokens go by.

import KernelInterface

/// Tokens from which on that pays: the largest tile.
let unpackedFloatTokenCount = 12

/// Columns that are unpacked at a time: 32 KiB, which stay in the first-level cache or near it.
private let unpackedColumnCount = 256

/// Two panels' columns, unpacked, for a tile of tokens.
///
/// The memory is given in numbers, and nothing is asked for ahead: with more to compute beside them
/// the sums of twelve tokens were kept in memory, and a product took four times as long.
private struct UnpackedTile: TileWork {
  let activations: UnsafePointer<Float>
  /// Floats from a token's activations to the next token's.
  let stride: Int
  /// `[steps, 32]`.
  let weights: UnsafePointer<Float>
  let steps: Int
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let start: TileTarget.Start

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    multiplyTile(
      TileRows(base: activations, rowStride: stride, stepStride: 1),
      TileLanes<SingleColumn>(
        base: UnsafeRawPointer(weights), stepBytes: 2 * SingleColumn.bytes,
        vectorBytes: SingleColumn.bytes, ahead: .nothing),
      lanes: 2 * panelRowCount, steps: steps,
      into: TileTarget(base: output, stride: outputStride, start: start), rows)
  }
}

/// The first `panelCount` panels, an even number, for all tokens of a call. Sums have the order of
/// `multiplyFloats`, and so the same bits.
@inline(__always)
func multiplyUnpackedFloats<Column: FloatColumn>(
  _ call: PanelProduct, stride: Int, panelCount: Int, _ column: Column.Type
) {
  let activations = call.activations.assumingMemoryBound(to: Float.self)
  withUnsafeTemporaryAllocation(
    byteCount: unpackedColumnCount * 2 * SingleColumn.bytes, alignment: 64
  ) { memory in
    let weights = memory.baseAddress!.assumingMemoryBound(to: Float.self)
    for first in Swift.stride(from: 0, to: call.columns, by: unpackedColumnCount) {
      let steps = min(unpackedColumnCount, call.columns - first)
      for panel in Swift.stride(from: 0, to: panelCount, by: 2) {
        let source = call.panels + panel * call.panelBytes + first * Column.bytes
        for step in 0..<steps {
          store(Column.load(source + step * Column.bytes), weights + step * 32)
          store(
            Column.load(source + call.panelBytes + step * Column.bytes), weights + step * 32 + 16)
        }
        multiplyTiles(
          call, activations + first, stride: stride, weights, steps: steps,
          into: call.output + panel * panelRowCount, start: first == 0 ? .zero : .sums)
      }
    }
  }
}

/// All tokens of a call times unpacked weights.
@inline(never)
private func multiplyTiles(
  _ call: PanelProduct, _ activations: UnsafePointer<Float>, stride: Int,
  _ weights: UnsafePointer<Float>, steps: Int, into output: UnsafeMutablePointer<Float>,
  start: TileTarget.Start
) {
  var token = 0
  while token < call.tokenCount {
    let rows = tileRowCount(call.tokenCount - token)
    dispatch(
      UnpackedTile(
        activations: activations + token * stride, stride: stride, weights: weights, steps: steps,
        output: output + token * call.outputStride, outputStride: call.outputStride, start: start),
      rows: rows)
    token += rows
  }
}

extension PanelProduct {
  /// The call for the panels from `first` on.
  func panels(from first: Int) -> PanelProduct {
    PanelProduct(
      format: format, panels: panels + first * panelBytes, panelBytes: panelBytes,
      panelCount: panelCount - first, columns: columns, activations: activations, layout: layout,
      tokenCount: tokenCount, output: output + first * panelRowCount, outputStride: outputStride)
  }
}
