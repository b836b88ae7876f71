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

  /// The candidates that may come, in order of likelihood; at least one. Sorts no more of the
  /// `candidates` than are left of them.
  package func narrowed(
    _ candidates: [Candidate], temperature: Float, vocabularyCount: Int
  ) -> [Candidate] {
    guard let best = candidates.map(\.logit).max() else { return candidates }
    func weight(_ candidate: Candidate) -> Double {
      exp(Double(candidate.logit - best) / Double(temperature))
    }
    let total = candidates.reduce(0.0) { $0 + weight($1) }
    switch version {
    case .one:
      let measured = topCandidates(of: candidates, count: Self.measuredCount)
      let count = rankCount(
        measured.map { weight($0) / total }, vocabularyCount, most: candidates.count)
      return topCandidates(of: candidates, count: max(1, count))
    case .two:
      let least = pow(2, -bound)
      let left = candidates.filter { weight($0) / total >= least }
      return left.isEmpty
        ? topCandidates(of: candidates, count: 1) : left.sorted(by: Candidate.precedes)
    }
  }

  /// How many of `most` candidates stay, by the probabilities of the likeliest.
  private func rankCount(
    _ probabilities: [Double], _ vocabularyCount: Int, most: Int
  ) -> Int {
    var (products, squares) = (0.0, 0.0)
    for rank in 0..<max(1, probabilities.count) - 1
    where probabilities[rank + 1] > 0 {
      let step = log(Double(rank + 2) / Double(rank + 1))
      products += step * log(probabilities[rank] / probabilities[rank + 1])
      squares += step * step
    }
    let slope = products / squares
    let excess = slope - 1
    let count = pow(
      excess * pow(2, bound) / (1 - pow(Double(vocabularyCount), -excess)), 1 / slope)
    return count.isFinite ? Int(min(count, Double(most))) : most
  }

  /// Takes account of a token that had `probability` among those that could come.
  package mutating func note(probability: Double) {
    bound -= rate * (-log2(probability) - target)
  }
}
