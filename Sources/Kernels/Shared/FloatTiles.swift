// Products of float matrices: a few rows × 32 lanes in registers. Attention and float weights use it.

/// Rows of a tile for `count` rows that are left: as many sums as the registers hold.
@inline(__always)
func tileRowCount(_ count: Int) -> Int {
  #if TWELVE_TOKEN_TILES
    count >= 12 ? 12 : count >= 8 ? 8 : count >= 4 ? 4 : count
  #elseif FOUR_TOKEN_TILES
    count >= 6 ? 6 : count >= 4 ? 4 : count
  #else
    count >= 2 ? 2 : 1
  #endif
}

/// What is done with a tile, whose number of rows is known when it is compiled.
protocol TileWork {
  func run<let R: Int>(_ rows: InlineArray<R, Floats>.Type)
}

/// Runs `work` for a number of rows that `tileRowCount` gave.
@inline(__always)
func dispatch(_ work: some TileWork, rows: Int) {
  switch rows {
  #if TWELVE_TOKEN_TILES
    case 12: work.run(InlineArray<12, Floats>.self)
    case 8: work.run(InlineArray<8, Floats>.self)
  #elseif FOUR_TOKEN_TILES
    case 6: work.run(InlineArray<6, Floats>.self)
  #endif
  #if TWELVE_TOKEN_TILES || FOUR_TOKEN_TILES
    case 4: work.run(InlineArray<4, Floats>.self)
    case 3: work.run(InlineArray<3, Floats>.self)
  #endif
  case 2: work.run(InlineArray<2, Floats>.self)
  default: work.run(InlineArray<1, Floats>.self)
  }
}

/// The matrix on the right of a product, of which a tile takes 32 lanes of each step.
///
/// No protocol with a type for each kind of memory: a type that conforms brings functions of the
/// language's runtime, which other modules share (`scripts/check-objects`).
struct TileLanes<Column: FloatColumn> {
  let base: UnsafeRawPointer
  let stepBytes: Int
  /// Bytes from the first 16 lanes to the others.
  let halfBytes: Int
  /// Bytes from a step to what is wanted later and asked for meanwhile; 0 where nothing is.
  let ahead: Int

  /// 16 lanes of a step; `lane` is 0 or 16.
  @inline(__always)
  func load(_ step: Int, _ lane: Int) -> Floats {
    Column.load(base + step * stepBytes + (lane == 0 ? 0 : halfBytes))
  }

  /// Asks for the lines `ahead` of a step's.
  @inline(__always)
  func prefetch(_ step: Int) {
    if ahead == 0 { return }
    let place = base + step * stepBytes + ahead
    prefetchLine(place)
    if halfBytes >= 64 { prefetchLine(place + halfBytes) }
  }
}

/// The matrix on the left of a product: element (row, step).
struct TileRows {
  let base: UnsafePointer<Float>
  let rowStride: Int
  let stepStride: Int
}

/// Where a product goes, `[rows, stride]`.
struct TileTarget {
  let base: UnsafeMutablePointer<Float>
  let stride: Int
  let start: Start

  /// What the product is added to.
  enum Start {
    case zero
    /// What is there.
    case sums
    /// What is there, times a factor for each row.
    case scaledSums(UnsafePointer<Float>)
  }

  @inline(__always)
  func first(_ row: Int, _ lane: Int) -> Floats {
    let place = base + row * stride + lane
    return switch start {
    case .zero: Floats(repeating: 0)
    case .sums: loadFloats(place)
    case .scaledSums(let factors): loadFloats(place) * factors[row]
    }
  }
}

/// `target[row, lane] = first(row, lane) + Σ_step left[row, step] × right[step, lane]` for 32 lanes,
/// steps added in order.
@inline(__always)
func multiplyTile<let R: Int, Column: FloatColumn>(
  _ left: TileRows, _ right: TileLanes<Column>, steps: Int, into target: TileTarget,
  _ rows: InlineArray<R, Floats>.Type
) {
  #if TWELVE_TOKEN_TILES
    var low = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
    var high = low
    unrolled(R) { r in
      low[r] = target.first(r, 0)
      high[r] = target.first(r, 16)
    }
    for step in 0..<steps {
      right.prefetch(step)
      let a = right.load(step, 0)
      let b = right.load(step, 16)
      let place = left.base + step * left.stepStride
      unrolled(R) { r in
        let factor = Floats(repeating: place[r * left.rowStride])
        low[r] = multiplyAdd(factor, a, low[r])
        high[r] = multiplyAdd(factor, b, high[r])
      }
    }
    unrolled(R) { r in
      store(low[r], target.base + r * target.stride)
      store(high[r], target.base + r * target.stride + 16)
    }
  #else
    // 16 lanes at a time: there is half the room in registers, or less.
    for lane in stride(from: 0, to: 32, by: 16) {
      var sums = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
      unrolled(R) { r in sums[r] = target.first(r, lane) }
      for step in 0..<steps {
        if lane == 0 { right.prefetch(step) }
        let a = right.load(step, lane)
        let place = left.base + step * left.stepStride
        unrolled(R) { r in
          sums[r] = multiplyAdd(Floats(repeating: place[r * left.rowStride]), a, sums[r])
        }
      }
      unrolled(R) { r in store(sums[r], target.base + r * target.stride + lane) }
    }
  #endif
}
