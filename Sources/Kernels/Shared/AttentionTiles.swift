// The products of attention, for a tile of query rows and one cache block: scores, and sums of values.

import KernelInterface

/// Keys or values of a block, `[steps, stride]`.
struct CacheNumbers<Column: FloatColumn> {
  let base: UnsafeRawPointer
  let stride: Int
  /// The numbers of the block that comes next.
  let next: UnsafeRawPointer?

  /// All lanes.
  @inline(__always)
  var lanes: TileLanes<Column> {
    TileLanes(
      base: base, stepBytes: stride / 16 * Column.bytes, vectorBytes: Column.bytes,
      ahead: next.map { .lines($0) } ?? .nothing)
  }
}

/// `scores[row, position] = Σ_d queries[d, row] × keys[d, position]` for the 32 positions of a block.
struct ScoreTile<Column: FloatColumn>: TileWork {
  /// `[length, rows]`.
  let queries: UnsafePointer<Float>
  /// `[length, 32]`.
  let keys: CacheNumbers<Column>
  let length: Int
  /// `[rows, 32]`.
  let scores: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    multiplyTile(
      TileRows(base: queries, rowStride: 1, stepStride: R), keys.lanes,
      lanes: cacheBlockPositionCount, steps: length,
      into: TileTarget(base: scores, stride: cacheBlockPositionCount, start: .zero), rows)
  }
}

/// `sums[row, c] = sums[row, c] × shrink[row] + Σ_position weights[row, position] × values[position, c]`.
struct ValueTile<Column: FloatColumn>: TileWork {
  /// `[rows, 32]`.
  let weights: UnsafePointer<Float>
  /// `[32, width]`, the width a multiple of 32.
  let values: CacheNumbers<Column>
  let width: Int
  let shrink: UnsafePointer<Float>
  /// `[rows, width]`.
  let sums: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    multiplyTile(
      TileRows(base: weights, rowStride: cacheBlockPositionCount, stepStride: 1), values.lanes,
      lanes: width, steps: cacheBlockPositionCount,
      into: TileTarget(base: sums, stride: width, start: .scaledSums(shrink)), rows)
  }
}
