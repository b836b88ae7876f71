// Products of float weights: 32 rows × up to 12 tokens in registers, columns in order.

import KernelInterface

/// One column of a panel: 16 weights.
protocol FloatColumn {
  static var bytes: Int { get }
  static func load(_ address: UnsafeRawPointer) -> Floats
}

enum SingleColumn: FloatColumn {
  static var bytes: Int { 64 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    address.loadUnaligned(as: Floats.self)
  }
}

enum HalfColumn: FloatColumn {
  static var bytes: Int { 32 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    loadHalves(address)
  }
}

enum BrainColumn: FloatColumn {
  static var bytes: Int { 32 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    loadBrainFloats(address)
  }
}

/// Columns that a tile of tokens takes of all pairs of panels before it goes on: its activations
/// stay in the first-level cache.
private let columnBlock = 512

/// The panels of a call, two by two, for a tile of tokens.
private struct PairTile<Column: FloatColumn>: TileWork {
  let call: PanelProduct
  let token: Int
  /// Floats from a token's activations to the next token's.
  let stride: Int
  /// Where a panel without a neighbour goes, beside itself: `[12, 32]`.
  let lone: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    let activations = call.activations.assumingMemoryBound(to: Float.self) + token * stride
    let output = call.output + token * call.outputStride
    for first in Swift.stride(from: 0, to: call.columns, by: columnBlock) {
      for panel in Swift.stride(from: 0, to: call.panelCount, by: 2) {
        let isLone = panel + 1 == call.panelCount
        multiplyTile(
          TileRows(base: activations + first, rowStride: stride, stepStride: 1),
          TileLanes<Column>(
            base: call.panels + panel * call.panelBytes + first * Column.bytes,
            stepBytes: Column.bytes, vectorBytes: isLone ? 0 : call.panelBytes,
            ahead: .following(prefetchDistance.one)),
          lanes: 2 * panelRowCount, steps: min(columnBlock, call.columns - first),
          into: TileTarget(
            base: isLone ? lone : output + panel * panelRowCount,
            stride: isLone ? 32 : call.outputStride, start: first == 0 ? .zero : .sums), rows)
      }
    }
    guard call.panelCount % 2 == 1 else { return }
    for r in 0..<R {
      let place = output + r * call.outputStride + (call.panelCount - 1) * panelRowCount
      store(loadFloats(lone + r * 32), place)
    }
  }
}

/// Products of float weights.
@inline(__always)
func multiplyFloats<Column: FloatColumn>(_ call: PanelProduct, _ column: Column.Type) {
  guard case .floats(let bytes) = call.layout else { return }
  let stride = bytes / 4
  var call = call
  if call.tokenCount >= unpackedFloatTokenCount {
    let pairs = call.panelCount / 2 * 2
    multiplyUnpackedFloats(call, stride: stride, panelCount: pairs, column)
    call = call.panels(from: pairs)
  }
  guard call.panelCount > 0 else { return }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 12 * 32) { lone in
    var token = 0
    while token < call.tokenCount {
      let rows = tileRowCount(call.tokenCount - token)
      dispatch(
        PairTile<Column>(
          call: call, token: token, stride: stride, lone: lone.baseAddress!), rows: rows)
      token += rows
    }
  }
}
