// What is taken from a head's logits for each position of distance.

package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Hyperparameters {
  /// The slopes of heads (ALiBi, Press et al. 2022): powers of 2^(-steepest / n), where n is the largest
  /// power of two among their numbers, and for those behind it every second one of 2 n.
  ///
  /// - Parameter steepest: how many times the n-th head's slope is halved.
  package func distanceSlopes(steepest: Float = 8) throws -> Vector {
    var whole = 1
    while 2 * whole <= headCount { whole *= 2 }
    return try Vector(
      (0..<headCount).map { head in
        head < whole
          ? exp2f(-steepest * Float(head + 1) / Float(whole))
          : exp2f(-steepest / 2 * Float(2 * (head - whole) + 1) / Float(whole))
      })
  }
}
