// The products of attention: a few rows × 32 lanes in registers, for scores and for sums of values.

import KernelInterface

/// Rows of a tile for `count` rows that are left: as many sums as the registers hold.
@inline(__always)
func attentionTileRows(_ count: Int) -> Int {
  #if TWELVE_TOKEN_TILES
    count >= 12 ? 12 : count >= 8 ? 8 : count >= 4 ? 4 : count
  #elseif FOUR_TOKEN_TILES
    count >= 6 ? 6 : count >= 4 ? 4 : count
  #else
    count >= 2 ? 2 : 1
  #endif
}

/// The matrix on the right of a product, `[steps, stride]`, of which a tile takes 32 lanes.
protocol TileLanes {
  var stride: Int { get }
  /// 16 lanes at an index.
  func load(_ index: Int) -> Floats
  /// The matrix without its first lanes.
  func dropping(_ lanes: Int) -> Self
}

struct FloatLanes: TileLanes {
  let base: UnsafePointer<Float>
  let stride: Int
  @inline(__always) func load(_ index: Int) -> Floats { loadFloats(base + index) }
  @inline(__always) func dropping(_ lanes: Int) -> Self { Self(base: base + lanes, stride: stride) }
}

struct HalfLanes: TileLanes {
  let base: UnsafeRawPointer
  let stride: Int
  @inline(__always) func load(_ index: Int) -> Floats { loadHalves(base + 2 * index) }
  @inline(__always) func dropping(_ lanes: Int) -> Self {
    Self(base: base + 2 * lanes, stride: stride)
  }
}

/// The matrix on the left of a product: element (row, step).
private struct TileRows {
  let base: UnsafePointer<Float>
  let rowStride: Int
  let stepStride: Int
}

/// What a product is added to, `[rows, stride]`.
private struct TileTarget {
  let base: UnsafeMutablePointer<Float>
  let stride: Int
  /// A factor for each row's former value; nil where a product begins at 0.
  let factors: UnsafePointer<Float>?

  @inline(__always)
  func start(_ row: Int, _ lane: Int) -> Floats {
    guard let factors else { return Floats(repeating: 0) }
    return loadFloats(base + row * stride + lane) * factors[row]
  }
}

private struct FloatPair {
  var low = Floats(repeating: 0)
  var high = Floats(repeating: 0)
}

/// `target[row, lane] = start(row, lane) + Σ_step left[row, step] × right[step, lane]` for 32 lanes,
/// steps added in order.
@inline(__always)
private func multiplyTile<let R: Int, Lanes: TileLanes>(
  _ left: TileRows, _ right: Lanes, steps: Int, into target: TileTarget,
  _ rows: InlineArray<R, Floats>.Type
) {
  #if TWELVE_TOKEN_TILES
    var sums = InlineArray<R, FloatPair>(repeating: FloatPair())
    unrolled(R) { r in
      sums[r] = FloatPair(low: target.start(r, 0), high: target.start(r, 16))
    }
    for step in 0..<steps {
      let a = right.load(step * right.stride)
      let b = right.load(step * right.stride + 16)
      let place = left.base + step * left.stepStride
      unrolled(R) { r in
        let factor = Floats(repeating: place[r * left.rowStride])
        sums[r].low = multiplyAdd(factor, a, sums[r].low)
        sums[r].high = multiplyAdd(factor, b, sums[r].high)
      }
    }
    unrolled(R) { r in
      store(sums[r].low, target.base + r * target.stride)
      store(sums[r].high, target.base + r * target.stride + 16)
    }
  #else
    // 16 lanes at a time: there is half the room in registers, or less.
    for lane in stride(from: 0, to: 32, by: 16) {
      var sums = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
      unrolled(R) { r in sums[r] = target.start(r, lane) }
      for step in 0..<steps {
        let a = right.load(step * right.stride + lane)
        let place = left.base + step * left.stepStride
        unrolled(R) { r in
          sums[r] = multiplyAdd(Floats(repeating: place[r * left.rowStride]), a, sums[r])
        }
      }
      unrolled(R) { r in store(sums[r], target.base + r * target.stride + lane) }
    }
  #endif
}

/// `scores[row, position] = Σ_d queries[d, row] × keys[d, position]` for the 32 positions of a block.
///
/// - Parameters:
///   - queries: `[length, rows]`.
///   - rows: what `attentionTileRows` gave.
///   - keys: `[length, 32]`.
@inline(__always)
func scoreTile<Keys: TileLanes>(
  _ queries: UnsafePointer<Float>, rows: Int, _ keys: Keys, length: Int,
  into scores: UnsafeMutablePointer<Float>
) {
  let target = TileTarget(base: scores, stride: cacheBlockPositionCount, factors: nil)
  @inline(__always) func multiply<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    multiplyTile(
      TileRows(base: queries, rowStride: 1, stepStride: R), keys, steps: length, into: target,
      rows)
  }
  switch rows {
  #if TWELVE_TOKEN_TILES
    case 12: multiply(InlineArray<12, Floats>.self)
    case 8: multiply(InlineArray<8, Floats>.self)
  #elseif FOUR_TOKEN_TILES
    case 6: multiply(InlineArray<6, Floats>.self)
  #endif
  #if TWELVE_TOKEN_TILES || FOUR_TOKEN_TILES
    case 4: multiply(InlineArray<4, Floats>.self)
    case 3: multiply(InlineArray<3, Floats>.self)
  #endif
  case 2: multiply(InlineArray<2, Floats>.self)
  default: multiply(InlineArray<1, Floats>.self)
  }
}

/// `sums[row, c] = sums[row, c] × shrink[row] + Σ_position weights[row, position] × values[position, c]`.
///
/// - Parameters:
///   - weights: `[rows, 32]`.
///   - rows: what `attentionTileRows` gave.
///   - values: `[32, stride]`.
///   - sums: `[rows, width]`, the width a multiple of 32.
@inline(__always)
func valueTile<Values: TileLanes>(
  _ weights: UnsafePointer<Float>, rows: Int, _ values: Values, width: Int,
  shrink: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>
) {
  let left = TileRows(base: weights, rowStride: cacheBlockPositionCount, stepStride: 1)
  @inline(__always) func multiply<let R: Int>(_ rows: InlineArray<R, Floats>.Type) {
    for c in stride(from: 0, to: width, by: 32) {
      multiplyTile(
        left, values.dropping(c), steps: cacheBlockPositionCount,
        into: TileTarget(base: sums + c, stride: width, factors: shrink), rows)
    }
  }
  switch rows {
  #if TWELVE_TOKEN_TILES
    case 12: multiply(InlineArray<12, Floats>.self)
    case 8: multiply(InlineArray<8, Floats>.self)
  #elseif FOUR_TOKEN_TILES
    case 6: multiply(InlineArray<6, Floats>.self)
  #endif
  #if TWELVE_TOKEN_TILES || FOUR_TOKEN_TILES
    case 4: multiply(InlineArray<4, Floats>.self)
    case 3: multiply(InlineArray<3, Floats>.self)
  #endif
  case 2: multiply(InlineArray<2, Floats>.self)
  default: multiply(InlineArray<1, Floats>.self)
  }
}
