// The products of attention, for a tile of query rows and one cache block: scores, and sums of values.

import KernelInterface

/// A matrix of floats, `[steps, stride]`.
struct FloatLanes: TileLanes {
  let base: UnsafePointer<Float>
  let stride: Int
  @inline(__always) func load(_ step: Int, _ lane: Int) -> Floats {
    loadFloats(base + step * stride + lane)
  }
}

/// A matrix in half precision, `[steps, stride]`.
struct HalfLanes: TileLanes {
  let base: UnsafeRawPointer
  let stride: Int
  @inline(__always) func load(_ step: Int, _ lane: Int) -> Floats {
    loadHalves(base + 2 * (step * stride + lane))
  }
}

/// Keys or values of a block, of whose lanes a tile begins at any.
protocol CacheLanes: TileLanes {
  func dropping(_ lanes: Int) -> Self
}

extension FloatLanes: CacheLanes {
  @inline(__always) func dropping(_ lanes: Int) -> Self { Self(base: base + lanes, stride: stride) }
}

extension HalfLanes: CacheLanes {
  @inline(__always) func dropping(_ lanes: Int) -> Self {
    Self(base: base + 2 * lanes, stride: stride)
  }
}

/// `scores[row, position] = Σ_d queries[d, row] × keys[d, position]` for the 32 positions of a block.
struct ScoreTile<Keys: CacheLanes>: TileWork {
  /// `[length, rows]`.
  let queries: UnsafePointer<Float>
  /// `[length, 32]`.
  let keys: Keys
  let length: Int
  /// `[rows, 32]`.
  let scores: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    multiplyTile(
      TileRows(base: queries, rowStride: 1, stepStride: R), keys, steps: length,
      into: TileTarget(base: scores, stride: cacheBlockPositionCount, start: .zero), rows)
  }
}

/// `sums[row, c] = sums[row, c] × shrink[row] + Σ_position weights[row, position] × values[position, c]`.
struct ValueTile<Values: CacheLanes>: TileWork {
  /// `[rows, 32]`.
  let weights: UnsafePointer<Float>
  /// `[32, width]`, the width a multiple of 32.
  let values: Values
  let width: Int
  let shrink: UnsafePointer<Float>
  /// `[rows, width]`.
  let sums: UnsafeMutablePointer<Float>

  @inline(__always)
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    let left = TileRows(base: weights, rowStride: cacheBlockPositionCount, stepStride: 1)
    for c in stride(from: 0, to: width, by: 32) {
      multiplyTile(
        left, values.dropping(c), steps: cacheBlockPositionCount,
        into: TileTarget(base: sums + c, stride: width, start: .scaledSums(shrink)), rows)
    }
  }
}
