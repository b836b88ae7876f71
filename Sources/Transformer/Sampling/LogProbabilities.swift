// How likely tokens were before anything was done to their logits.

import Synchronization
public import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Sendable, Equatable {
  public let id: TokenID
  public let logProbability: Float

  package init(id: TokenID, logProbability: Float) {
    self.id = id
    self.logProbability = logProbability
  }
}

/// How likely the model found a token that was chosen, and which others it found likeliest.
public struct TokenLikelihood: Sendable, Equatable {
  public let chosen: TokenLogProbability
  /// The likeliest first; as many as were asked for, at most 20.
  public let likeliest: [TokenLogProbability]

  package init(chosen: TokenLogProbability, likeliest: [TokenLogProbability]) {
    self.chosen = chosen
    self.likeliest = likeliest
  }
}

/// The most alternatives that are told.
private let mostAlternatives = 20

/// The logarithms of the probabilities that the model gave to `id`, and to the `count` likeliest
/// tokens. `logits`: [vocabulary], as the model made them.
package func logProbabilities(_ logits: [Float], of id: TokenID, count: Int) -> TokenLikelihood {
  let best = logits[Int(likeliest(logits))]
  var sum = 0.0
  for logit in logits where logit.isFinite { sum += exp(Double(logit - best)) }
  let total = log(sum)
  func entry(_ id: TokenID, _ logit: Float) -> TokenLogProbability {
    TokenLogProbability(
      id: id, logProbability: logit.isFinite ? Float(Double(logit - best) - total) : -.infinity)
  }
  let top = count > 0 ? topCandidates(logits, count: min(count, mostAlternatives)) : []
  return TokenLikelihood(
    chosen: entry(id, id >= 0 && Int(id) < logits.count ? logits[Int(id)] : -.infinity),
    likeliest: top.map { entry($0.id, $0.logit) })
}

/// Likelihoods of choices that may still turn out to be for nothing, by place of the sequence.
/// Choices are made on several threads.
final class LikelihoodLog: Sendable {
  private let entries = Mutex<[Int: TokenLikelihood]>([:])

  /// Keeps the likelihood of the choice for `place`, in place of an earlier one's.
  func note(_ likelihood: TokenLikelihood, at place: Int) {
    entries.withLock { $0[place] = likelihood }
  }

  /// Gives the likelihood of the choice for `place`, and forgets it.
  func take(at place: Int) -> TokenLikelihood? {
    entries.withLock { $0.removeValue(forKey: place) }
  }
}
