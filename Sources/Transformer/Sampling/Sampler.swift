// From logits to the next token: biases, penalties, filters, temperature, draw. The order is
// llama.cpp's.

package import Tokenizer

/// One sequence's way of choosing tokens. Copies share what mirostat and adaptive-p remember.
package struct Sampler: Sendable {
  package let options: SamplingOptions
  private let random: CounterRandom
  private let memory: SamplerMemory?
  private let answerStart: Int
  private let endIDs: Set<TokenID>

  /// What a random number of a position is for.
  private enum Draw: UInt32 {
    case token = 0
    case exclusion = 1
  }

  /// - Parameters:
  ///   - answerStart: the position of the answer's first token, for `minTokens`.
  ///   - endIDs: the tokens that end an answer, for `minTokens`.
  package init(
    _ options: SamplingOptions, answerStart: Int = 0, endIDs: Set<TokenID> = []
  ) {
    self.options = options
    self.answerStart = answerStart
    self.endIDs = endIDs
    random = CounterRandom(seed: options.seed ?? .random(in: .min ... .max))
    memory = SamplerMemory(options)
  }

  /// Whether a choice depends on how likely earlier choices were, so that places of a sequence
  /// have to be sampled in order, each once the one before is certain.
  package var looksBack: Bool { memory != nil }

  /// The next token.
  ///
  /// - Parameters:
  ///   - logits: `[vocabulary]`; numbers that are not finite are never chosen. Biases and penalties
  ///     are applied to them in place.
  ///   - recent: the sequence so far, prompt included.
  ///   - position: the place of the token in its sequence, which keys the random number.
  package func sample(_ logits: inout [Float], recent: [TokenID], position: Int) -> TokenID {
    weigh(&logits, recent: recent, position: position)
    if takesLikeliest { return likeliest(logits) }
    let (candidates, temperature) = candidates(logits, position: position)
    guard temperature > 0, candidates.count > 1 else { return Self.first(of: candidates) }
    let uniform = random.uniform(position: position, draw: Draw.token.rawValue)
    guard let memory else {
      return candidates[Self.drawn(softmax(candidates, temperature: temperature), uniform)].id
    }
    return memory.choose(at: position) { state in
      switch state {
      case .mirostat(var mirostat):
        let left = mirostat.narrowed(
          candidates, temperature: temperature, vocabularyCount: logits.count)
        let probabilities = softmax(left, temperature: temperature)
        let index = Self.drawn(probabilities, uniform)
        mirostat.note(probability: probabilities[index])
        state = .mirostat(mirostat)
        return left[index].id
      case .adaptive(var adaptive):
        let probabilities = softmax(candidates, temperature: temperature)
        let index = Self.drawn(softmax(adaptive.reshaped(candidates, probabilities)), uniform)
        adaptive.note(probability: probabilities[index])
        state = .adaptive(adaptive)
        return candidates[index].id
      }
    }
  }

  /// `sample` of logits that stay as they are.
  package func sample(_ logits: [Float], recent: [TokenID], position: Int) -> TokenID {
    var logits = logits
    return sample(&logits, recent: recent, position: position)
  }

  /// The tokens that may come, and the temperature that decides among them; 0: the likeliest.
  /// `sample` draws from these, by way of mirostat or adaptive-p if they are asked for.
  package func candidates(
    _ logits: [Float], recent: [TokenID], position: Int
  ) -> (candidates: [Candidate], temperature: Float) {
    var logits = logits
    weigh(&logits, recent: recent, position: position)
    return candidates(logits, position: position)
  }

  /// Biases and penalties.
  private func weigh(_ logits: inout [Float], recent: [TokenID], position: Int) {
    applyBias(
      options, endIDs: endIDs, mustGoOn: position - answerStart < options.minTokens, to: &logits)
    guard options.mirostat == nil else { return }
    applyPenalties(options, recent: recent, to: &logits)
    applyRepetitionPenalty(options, recent: recent, to: &logits)
  }

  /// Whether nothing but the logits decides.
  private var takesLikeliest: Bool {
    options.mirostat == nil && options.temperature <= 0 && options.temperatureRange <= 0
      && options.xtcProbability <= 0 && options.typicalP >= 1
  }

  /// `candidates` by logits that were weighed.
  private func candidates(
    _ logits: [Float], position: Int
  ) -> (candidates: [Candidate], temperature: Float) {
    if options.mirostat != nil {
      let all = Self.all(logits)
      return (all, temperature(options, for: all))
    }
    if takesLikeliest {
      let best = likeliest(logits)
      return ([Candidate(id: best, logit: logits[Int(best)])], 0)
    }
    var candidates = filtered(logits)
    candidates = minP(candidates, options.minP)
    if options.xtcProbability > 0,
      random.uniform(position: position, draw: Draw.exclusion.rawValue)
        <= Double(options.xtcProbability)
    {
      candidates = excludeTopChoices(candidates, threshold: options.xtcThreshold)
    }
    return (candidates, temperature(options, for: candidates))
  }

  /// What top-n-sigma, top-k, typical-p and top-p leave; in order of likelihood wherever a filter
  /// that follows needs that.
  private func filtered(_ logits: [Float]) -> [Candidate] {
    let bound = topNSigmaBound(logits, options.topNSigma)
    let isWhole = options.topK <= 0 || options.topK >= logits.count
    if isWhole, bound == -.infinity, options.typicalP >= 1, options.topP < 1 {
      return topP(logits, options.topP)
    }
    var candidates =
      isWhole ? Self.all(logits) : topCandidates(logits, count: options.topK)
    if bound > -.infinity { candidates.removeAll { $0.logit < bound } }
    // What typical-p leaves is in order.
    if isWhole, options.typicalP >= 1, options.topP < 1 || options.xtcProbability > 0 {
      candidates.sort(by: Candidate.precedes)
    }
    return topP(typicalP(candidates, options.typicalP), options.topP)
  }

  private static func all(_ logits: [Float]) -> [Candidate] {
    var candidates: [Candidate] = []
    candidates.reserveCapacity(logits.count)
    for (id, logit) in logits.enumerated() where logit.isFinite {
      candidates.append(Candidate(id: TokenID(id), logit: logit))
    }
    return candidates
  }

  /// The likeliest of the candidates, of equals the lowest id; token 0 where there is none.
  private static func first(of candidates: [Candidate]) -> TokenID {
    candidates.min(by: Candidate.precedes)?.id ?? 0
  }

  /// Where `uniform`, in 0..<1, falls among the probabilities, of which there is at least one.
  private static func drawn(_ probabilities: [Double], _ uniform: Double) -> Int {
    let goal = uniform * probabilities.reduce(0, +)
    var sum = 0.0
    for (index, probability) in probabilities.enumerated() {
      sum += probability
      if sum > goal { return index }
    }
    return probabilities.count - 1
  }
}
