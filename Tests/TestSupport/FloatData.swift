// Arrays of floats in files and in comparisons.

extension [UInt8] {
  /// The bytes as little-endian float32 numbers.
  public var floats: [Float] {
    withUnsafeBytes { bytes in
      (0..<count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}

extension [Float] {
  /// The numbers' bits: the way to ask whether two results are the same.
  public var bits: [UInt32] { map(\.bitPattern) }

  /// The sum of the squared errors over the sum of the squares of `expected`.
  public func normalisedSquaredError(from expected: [Float]) -> Double {
    var error = 0.0
    var total = 0.0
    for (x, y) in zip(self, expected) {
      error += (Double(x) - Double(y)) * (Double(x) - Double(y))
      total += Double(y) * Double(y)
    }
    return count == expected.count ? error / total : .infinity
  }
}
