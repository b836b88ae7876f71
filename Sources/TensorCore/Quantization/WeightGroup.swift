// Weights that share a scale, and the levels that they may take.

import KernelInterface

typealias Lanes = SIMD16<Float>

/// 16 or 32 weights in a row.
struct WeightGroup {
  let base: UnsafePointer<Float>
  /// How many times 16.
  let vectorCount: Int

  var count: Int { 16 * vectorCount }

  subscript(_ index: Int) -> Lanes {
    @inline(__always) get {
      UnsafeRawPointer(base + 16 * index).loadUnaligned(as: Lanes.self)
    }
  }

  /// The weight of the largest magnitude, with its sign; 0 where all are so small that no scale in
  /// half precision holds them.
  var peak: Float {
    var peak: Float = 0
    for index in 0..<count where abs(base[index]) > abs(peak) { peak = base[index] }
    return abs(peak) < 1e-15 ? 0 : peak
  }

  var squares: Float {
    var sum = Lanes()
    for index in 0..<vectorCount { sum += self[index] * self[index] }
    return sum.sum()
  }
}

/// Numbers that a scale multiplies.
protocol Levels {
  /// The ends of the range.
  var low: Float { get }
  var high: Float { get }
  /// How far apart the ends are that are tried for the largest weight.
  var step: Float { get }

  /// The level nearest to each number, at most 2^20 in magnitude.
  func nearest(_ numbers: Lanes) -> Lanes
  /// How a block stores a level.
  func code(_ level: Float) -> UInt8
}

/// Whole numbers, stored as their distance from the lowest.
struct IntegerLevels: Levels {
  let low: Float
  let high: Float
  let step: Float = 0.125

  @inline(__always)
  func nearest(_ numbers: Lanes) -> Lanes { clamped(rounded(numbers), low, high) }

  func code(_ level: Float) -> UInt8 { UInt8(level - low) }
}

/// The list of IQ4_NL and IQ4_XS, stored by index.
struct ListLevels: Levels {
  let low: Float = -127
  let high: Float = 113
  let step: Float = 2

  /// For each half of a whole number from -128, the level nearest to what lies above it: the middle
  /// between two levels is such a half.
  private let table: UnsafePointer<Float>

  static let iq4 = ListLevels()

  private init() {
    let table = UnsafeMutablePointer<Float>.allocate(capacity: 512)
    let values = (0..<16).map { Float(WeightValues.iq4[$0]) }
    for place in 0..<512 {
      let number = Float(place) / 2 - 128 + 0.25
      table[place] = values.min { abs($0 - number) < abs($1 - number) } ?? 0
    }
    self.table = UnsafePointer(table)
  }

  @inline(__always)
  func nearest(_ numbers: Lanes) -> Lanes {
    let places = clamped(numbers * 2 + 255.5, 0, 511)
    let bits = unsafeBitCast(places + roundingOffset, to: SIMD16<Int32>.self)
    var result = Lanes()
    for lane in 0..<16 { result[lane] = table[Int(bits[lane] & 511)] }
    return result
  }

  func code(_ level: Float) -> UInt8 {
    let value = Int8(level)
    for index in 0..<16 where WeightValues.iq4[index] == value { return UInt8(index) }
    return 0
  }
}

extension ListLevels: @unchecked Sendable {}

/// Adding it leaves the whole numbers in a float's lowest bits (1.5 · 2²³).
let roundingOffset: Float = 12_582_912

/// To the nearest whole number, for magnitudes below 2^22.
@inline(__always)
func rounded(_ numbers: Lanes) -> Lanes { (numbers + 12_582_912) - 12_582_912 }

@inline(__always)
func clamped(_ numbers: Lanes, _ low: Float, _ high: Float) -> Lanes {
  let raised = numbers.replacing(with: low, where: numbers .< low)
  return raised.replacing(with: high, where: raised .> high)
}
