// Chance that can be repeated.

/// SplitMix64 (Steele, Lea and Flood 2014): small, seeded, the same everywhere.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// `count` numbers, evenly from `-bound` to `bound`.
  public mutating func floats(_ count: Int, within bound: Float = 1) -> [Float] {
    (0..<count).map { _ in Float.random(in: -bound...bound, using: &self) }
  }

  /// `count` multiples of 1/64 from -4 to 4, which half precision holds exactly.
  public mutating func halfFloats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -256...256, using: &self)) / 64 }
  }

  /// `count` bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}
