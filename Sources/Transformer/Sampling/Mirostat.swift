// Mirostat (Basu et al. 2021): the more surprising the last tokens were, the fewer stay.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which of the two algorithms.
public enum MirostatVersion: Int, Sendable {
  /// Estimates how probabilities fall with rank, and keeps the k likeliest.
  case one = 1
  /// Keeps the tokens that surprise less than a bound.
  case two = 2
}

/// What mirostat remembers of an answer.
package struct Mirostat: Sendable, Equatable {
  /// The greatest surprise, in bits.
  private var bound: Double
  private let version: MirostatVersion
  private let target: Double
  private let rate: Double

  /// How many probabilities tell how they fall.
  private static let measuredCount = 100

  /// Before the first token.
  package init(_ version: MirostatVersion, tau: Float, eta: Float) {
    self.version = version
    target = Double(tau)
    rate = Double(eta)
    bound = 2 * target
  }

  /// The candidates that may come; at least one. `candidates` are in order of likelihood.
  package func narrowed(
    _ candidates: [Candidate], temperature: Float, vocabularyCount: Int
  ) -> [Candidate] {
    guard !candidates.isEmpty else { return candidates }
    let probabilities = softmax(candidates, temperature: temperature)
    let count: Int
    switch version {
    case .one: count = rankCount(probabilities, vocabularyCount)
    case .two: count = probabilities.firstIndex { -log2($0) > bound } ?? candidates.count
    }
    return Array(candidates.prefix(max(1, count)))
  }

  private func rankCount(_ probabilities: [Double], _ vocabularyCount: Int) -> Int {
    var (products, squares) = (0.0, 0.0)
    for rank in 0..<min(Self.measuredCount, probabilities.count) - 1
    where probabilities[rank + 1] > 0 {
      let step = log(Double(rank + 2) / Double(rank + 1))
      products += step * log(probabilities[rank] / probabilities[rank + 1])
      squares += step * step
    }
    let slope = products / squares
    let excess = slope - 1
    let count = pow(
      excess * pow(2, bound) / (1 - pow(Double(vocabularyCount), -excess)), 1 / slope)
    return count.isFinite ? Int(min(count, Double(probabilities.count))) : probabilities.count
  }

  /// Takes account of a token that had `probability` among those that could come.
  package mutating func note(probability: Double) {
    bound -= rate * (-log2(probability) - target)
  }
}
