// XTC, "exclude top choices" (p-e-w 2024).

/// Without the candidates that have at least `threshold` of the probability, but for the least
/// likely of them. `candidates` are in order of likelihood.
func excludeTopChoices(_ candidates: [Candidate], threshold: Float) -> [Candidate] {
  guard threshold <= 0.5, candidates.count > 1 else { return candidates }
  let likely = softmax(candidates).prefix { $0 >= Double(threshold) }.count
  return likely > 1 ? Array(candidates[(likely - 1)...]) : candidates
}
