// How likely tokens were before anything was done to their logits.

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
}

/// The most alternatives that are told.
package let mostLogProbabilities = 20

/// The logarithms of the probabilities that the model gave to `id`, and to the `count` likeliest
/// tokens, likeliest first. `logits`: [vocabulary], as the model made them.
package func logProbabilities(
  _ logits: [Float], of id: TokenID, count: Int
) -> (chosen: TokenLogProbability, likeliest: [TokenLogProbability]) {
  let best = logits[Int(likeliest(logits))]
  var sum = 0.0
  for logit in logits where logit.isFinite { sum += exp(Double(logit - best)) }
  let total = log(sum)
  func entry(_ id: TokenID, _ logit: Float) -> TokenLogProbability {
    TokenLogProbability(
      id: id, logProbability: logit.isFinite ? Float(Double(logit - best) - total) : -.infinity)
  }
  let top = count > 0 ? topCandidates(logits, count: min(count, mostLogProbabilities)) : []
  return (
    entry(id, id >= 0 && Int(id) < logits.count ? logits[Int(id)] : -.infinity),
    top.map { entry($0.id, $0.logit) }
  )
}
