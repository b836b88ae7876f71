// Nucleus sampling (Holtzman et al. 2020).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The likeliest candidates whose probabilities first reach `p`; at least one.
///
/// `candidates` are in order of likelihood.
func topP(_ candidates: [Candidate], _ p: Float) -> [Candidate] {
  guard p < 1, let first = candidates.first else { return candidates }
  let weights = candidates.map { exp(Double($0.logit - first.logit)) }
  let goal = weights.reduce(0, +) * Double(max(0, p))
  var sum = 0.0
  for (index, weight) in weights.enumerated() {
    sum += weight
    if sum >= goal { return Array(candidates[...index]) }
  }
  return candidates
}

/// `topP` of a whole vocabulary, without sorting all of it: sorts the tokens within a margin of
/// the likeliest, and widens the margin until their probabilities reach `p`.
func topP(_ logits: [Float], _ p: Float) -> [Candidate] {
  let best = logits[Int(likeliest(logits))]
  let finite = logits.enumerated().lazy.filter { $0.element.isFinite }
  let total = finite.reduce(0.0) { $0 + exp(Double($1.element - best)) }
  let goal = total * Double(max(0, p))
  var margin: Float = 8
  while true {
    let near = finite.filter { $0.element >= best - margin }
      .map { Candidate(id: Int32($0.offset), logit: $0.element) }
    let mass = near.reduce(0.0) { $0 + exp(Double($1.logit - best)) }
    if mass >= goal || margin > 1_000 {
      var sum = 0.0
      let sorted = near.sorted(by: Candidate.precedes)
      for (index, candidate) in sorted.enumerated() {
        sum += exp(Double(candidate.logit - best))
        if sum >= goal { return Array(sorted[...index]) }
      }
      return sorted
    }
    margin *= 2
  }
}
