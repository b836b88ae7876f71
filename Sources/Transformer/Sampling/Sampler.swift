// From logits to the next token: penalties, top-k, top-p, min-p, temperature, draw.

package import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One sequence's way of choosing tokens.
package struct Sampler: Sendable {
  package let options: SamplingOptions
  private let random: CounterRandom

  package init(_ options: SamplingOptions, choice: UInt32 = 0) {
    self.options = options
    random = CounterRandom(seed: options.seed ?? .random(in: .min ... .max), choice: choice)
  }

  /// The next token.
  ///
  /// - Parameters:
  ///   - logits: `[vocabulary]`; numbers that are not finite are never chosen.
  ///   - recent: the sequence so far, prompt included.
  ///   - position: the place of the token in its sequence, which keys the random number.
  package func sample(_ logits: [Float], recent: [TokenID], position: Int) -> TokenID {
    var logits = logits
    applyPenalties(options, recent: recent, to: &logits)
    guard options.temperature > 0 else { return likeliest(logits) }
    let isWhole = options.topK <= 0 || options.topK >= logits.count
    var candidates: [Candidate]
    if !isWhole {
      candidates = topP(topCandidates(logits, count: options.topK), options.topP)
    } else if options.topP < 1 {
      candidates = topP(logits, options.topP)
    } else {
      candidates = logits.enumerated().lazy.filter { $0.element.isFinite }
        .map { Candidate(id: TokenID($0.offset), logit: $0.element) }
    }
    candidates = minP(candidates, options.minP)
    return draw(candidates, random.uniform(position: position))
  }

  /// Draws by the softmax of logits ÷ temperature; `uniform` in 0..<1 decides.
  private func draw(_ candidates: [Candidate], _ uniform: Double) -> TokenID {
    guard let best = candidates.map(\.logit).max() else { return 0 }
    let weights = candidates.map { exp(Double($0.logit - best) / Double(options.temperature)) }
    let goal = uniform * weights.reduce(0, +)
    var sum = 0.0
    for (candidate, weight) in zip(candidates, weights) {
      sum += weight
      if sum > goal { return candidate.id }
    }
    return candidates[candidates.count - 1].id
  }
}
