// Products of float matrices: a few rows × 16 to 64 lanes in registers. Attention and float weights use
// it.

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

/// The matrix on the right of a product, of which a tile takes some lanes of each step.
///
/// No protocol with a type for each kind of memory: a type that conforms brings functions of the
/// language's runtime, which other modules share (`scripts/check-objects`).
struct TileLanes<Column: FloatColumn> {
  let base: UnsafeRawPointer
  let stepBytes: Int
  /// Bytes from 16 lanes to the next 16.
  let vectorBytes: Int
  let ahead: Ahead

  /// What is asked for while these lanes are multiplied.
  enum Ahead {
    case nothing
    /// What lies so many bytes behind what is read.
    case following(Int)
    /// As many bytes as the lanes have, line by line: processors then look ahead by themselves too.
    case lines(UnsafeRawPointer)
  }

  /// These lanes from vector `index` on. What is asked for goes on where `steps` steps of the vectors
  /// before it ended.
  @inline(__always)
  func from(vector index: Int, steps: Int) -> Self {
    var ahead = ahead
    if case .lines(let first) = ahead { ahead = .lines(first + index * steps * Column.bytes) }
    return Self(
      base: base + index * vectorBytes, stepBytes: stepBytes, vectorBytes: vectorBytes, ahead: ahead
    )
  }

  /// 16 lanes of a step.
  @inline(__always)
  func load(_ step: Int, vector index: Int) -> Floats {
    Column.load(base + step * stepBytes + index * vectorBytes)
  }

  /// Asks for what is wanted later, while `count` vectors of a step are multiplied.
  @inline(__always)
  func prefetch(_ step: Int, vectors count: Int) {
    switch ahead {
    case .nothing: break
    case .following(let distance):
      for index in 0..<count {
        prefetchLine(base + step * stepBytes + index * vectorBytes + distance)
      }
    case .lines(let first):
      let bytes = count * Column.bytes
      for line in stride(from: 0, to: bytes, by: 64) { prefetchLine(first + step * bytes + line) }
    }
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

  /// The target from a lane on.
  @inline(__always)
  func from(lane: Int) -> Self { Self(base: base + lane, stride: stride, start: start) }

  @inline(__always)
  func first(_ row: Int, vector index: Int) -> Floats {
    let place = base + row * stride + 16 * index
    return switch start {
    case .zero: Floats(repeating: 0)
    case .sums: loadFloats(place)
    case .scaledSums(let factors): loadFloats(place) * factors[row]
    }
  }
}

/// `target[row, lane] = first(row, lane) + Σ_step left[row, step] × right[step, lane]` for `lanes` lanes,
/// a multiple of 32, steps added in order.
@inline(__always)
func multiplyTile<let R: Int, Column: FloatColumn>(
  _ left: TileRows, _ right: TileLanes<Column>, lanes: Int, steps: Int, into target: TileTarget,
  _ rows: InlineArray<R, Floats>.Type
) {
  @inline(__always)
  func multiplyAll<let C: Int>(_ vectors: InlineArray<C, InlineArray<R, Floats>>.Type) {
    for first in stride(from: 0, to: lanes / 16, by: C) {
      multiplyTile(
        left, right.from(vector: first, steps: steps), steps: steps,
        into: target.from(lane: 16 * first), vectors)
    }
  }
  #if TWELVE_TOKEN_TILES
    if R <= 4, lanes % 64 == 0 {
      multiplyAll(InlineArray<4, InlineArray<R, Floats>>.self)
    } else {
      multiplyAll(InlineArray<2, InlineArray<R, Floats>>.self)
    }
  #else
    multiplyAll(InlineArray<1, InlineArray<R, Floats>>.self)
  #endif
}

/// As above, for `C` × 16 lanes.
@inline(__always)
private func multiplyTile<let R: Int, let C: Int, Column: FloatColumn>(
  _ left: TileRows, _ right: TileLanes<Column>, steps: Int, into target: TileTarget,
  _ vectors: InlineArray<C, InlineArray<R, Floats>>.Type
) {
  var sums = InlineArray<C, InlineArray<R, Floats>> { c in
    InlineArray { r in target.first(r, vector: c) }
  }
  for step in 0..<steps {
    right.prefetch(step, vectors: C)
    let vectors = InlineArray<C, Floats> { c in right.load(step, vector: c) }
    let place = left.base + step * left.stepStride
    unrolled(R) { r in
      let factor = Floats(repeating: place[r * left.rowStride])
      unrolled(C) { c in sums[c][r] = multiplyAdd(factor, vectors[c], sums[c][r]) }
    }
  }
  unrolled(C) { c in
    unrolled(R) { r in store(sums[c][r], target.base + r * target.stride + 16 * c) }
  }
}
