// One number for each of 32 subbands.

/// Thirty-two numbers that are computed with at once. Four vectors of eight, because the compiler
/// takes those of 32 apart, number by number.
struct MP3Subbands: Sendable {
  private var first = SIMD8<Float>()
  private var second = SIMD8<Float>()
  private var third = SIMD8<Float>()
  private var fourth = SIMD8<Float>()

  subscript(index: Int) -> Float {
    @inline(__always)
    get {
      switch index >> 3 {
      case 0: first[index & 7]
      case 1: second[index & 7]
      case 2: third[index & 7]
      default: fourth[index & 7]
      }
    }
    @inline(__always)
    set {
      switch index >> 3 {
      case 0: first[index & 7] = newValue
      case 1: second[index & 7] = newValue
      case 2: third[index & 7] = newValue
      default: fourth[index & 7] = newValue
      }
    }
  }

  /// Adds other numbers, all times one.
  @inline(__always)
  mutating func add(_ other: MP3Subbands, times factor: Float) {
    let factors = SIMD8(repeating: factor)
    first += other.first * factors
    second += other.second * factors
    third += other.third * factors
    fourth += other.fourth * factors
  }

  /// Adds other numbers, each times its own.
  @inline(__always)
  mutating func add(_ other: MP3Subbands, times factors: MP3Subbands) {
    first += other.first * factors.first
    second += other.second * factors.second
    third += other.third * factors.third
    fourth += other.fourth * factors.fourth
  }
}
