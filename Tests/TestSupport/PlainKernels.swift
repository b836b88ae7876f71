// The plain twins of the kernels: the same results by the shortest arithmetic, in Double.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What kernels compute, written as in a textbook. Slow, and with one rounding at the end.
public enum PlainKernels {
  /// `Σ a[i] × b[i]`, and the sum of the absolute terms, by which rounding errors are measured.
  ///
  /// Inlinable, as tests of products call little else: where the sequences' types are not known, each
  /// step asks the runtime for them.
  @inlinable
  public static func dot(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> (
    sum: Double, magnitude: Double
  ) {
    var result = (sum: 0.0, magnitude: 0.0)
    for (x, y) in zip(a, b) {
      let term = Double(x) * Double(y)
      result.sum += term
      result.magnitude += abs(term)
    }
    return result
  }

  /// `x[i] / sqrt(mean(x²) + epsilon) × weight[i]`.
  public static func rmsNorm(_ x: [Float], _ weight: [Float], epsilon: Float) -> [Double] {
    let squares = x.reduce(0.0) { $0 + Double($1) * Double($1) }
    let scale = 1 / (squares / Double(x.count) + Double(epsilon)).squareRoot()
    return zip(x, weight).map { Double($0) * scale * Double($1) }
  }

  /// Bytes and their scale, `x ≈ byte × scale`: the largest magnitude becomes ±127. Scales end at
  /// 65,504, and below 4e-37 / 127 all bytes are 0.
  public static func quantised(_ x: [Float]) -> (quants: [Int8], scale: Float) {
    let largest = min(x.reduce(0) { max($0, abs($1)) }, 65_504 * 127)
    guard largest > 4e-37 else { return (x.map { _ in 0 }, largest / 127) }
    let inverse = 127 / largest
    let quants = x.map { value in
      Int8((max(-largest, min(largest, value)) * inverse).rounded(.toNearestOrEven))
    }
    return (quants, largest / 127)
  }

  /// x / (1 + exp(-x)).
  public static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

  public static func relu(_ x: Double) -> Double { max(x, 0) }

  /// The exponential, and log(1 + exp(x)).
  public static func exponential(_ x: Double) -> Double { exp(x) }
  public static func softplus(_ x: Double) -> Double { log1p(exp(x)) }

  /// x/2 × (1 + tanh(√(2/π) (x + 0.044715 x³))).
  public static func geluTanh(_ x: Double) -> Double {
    // x/2 (1 + tanh u) = x / (1 + exp(-2 u)), which keeps its digits where tanh u is near -1.
    let u = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
    return x / (1 + exp(-2 * u))
  }

  /// What one query attends to.
  public struct Attended {
    /// `[valueLength]`.
    public var output: [Double]
    /// The largest `Σ |query × key|` of a position.
    public var magnitude = 0.0
  }

  /// `softmax(query · key) · value` over `positions`, `keys` `[position][keyLength]`, `values`
  /// `[position][valueLength]`; a `softCap` above 0 turns logits into `cap × tanh(logit / cap)`, to
  /// which `bias` is added.
  public static func attention(
    _ query: some Sequence<Float>, keys: [[Float]], values: [[Float]],
    positions: ClosedRange<Int>, softCap: Float, bias: (_ position: Int) -> Double = { _ in 0 }
  ) -> Attended {
    let cap = Double(softCap)
    let query = Array(query)
    let products = positions.map { dot(query, keys[$0]) }
    let logits = zip(products, positions).map { product, position in
      (cap > 0 ? cap * tanh(product.sum / cap) : product.sum) + bias(position)
    }
    let largest = logits.max()!
    let weights = logits.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    var result = Attended(output: [Double](repeating: 0, count: values[0].count))
    result.magnitude = products.map(\.magnitude).max()!
    for (weight, position) in zip(weights, positions) {
      for (d, value) in values[position].enumerated() {
        result.output[d] += weight / total * Double(value)
      }
    }
    return result
  }

  /// `head` turned by angles (Su et al. 2021), pairs `i` and `i + count / 2`, or neighbours.
  public static func rotated(
    _ head: [Float], angles: [Double], magnitude: Double = 1, pairsAreAdjacent: Bool
  ) -> [Double] {
    var result = head.map(Double.init)
    for (pair, angle) in angles.enumerated() {
      let i = pairsAreAdjacent ? 2 * pair : pair
      let j = pairsAreAdjacent ? i + 1 : pair + angles.count
      let (x, y) = (Double(head[i]), Double(head[j]))
      result[i] = (x * cos(angle) - y * sin(angle)) * magnitude
      result[j] = (x * sin(angle) + y * cos(angle)) * magnitude
    }
    return result
  }
}
