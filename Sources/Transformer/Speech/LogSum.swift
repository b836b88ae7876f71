// Sums of exponentials and the largest of many numbers, safe for any numbers.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Logarithms of sums of exponentials.
package enum LogSum {
  /// `ln Σ exp(values)`; -∞ for no values, or where all are -∞.
  package static func of(_ values: some Collection<Float>) -> Float {
    var largest = -Float.infinity
    for value in values where value > largest { largest = value }
    guard largest.isFinite else { return largest }
    // Most of a vocabulary is small beside the largest, and together it is not.
    var sum = 0.0
    for value in values where value > largest - 88 { sum += Double(expf(value - largest)) }
    return largest + Float(log(sum))
  }
}

extension [Float] {
  /// Where the largest number stands, the first of equal ones; nil where none is above -∞.
  var largestIndex: Int? {
    var (place, largest) = (-1, -Float.infinity)
    for index in indices where self[index] > largest { (place, largest) = (index, self[index]) }
    return place >= 0 ? place : nil
  }
}
