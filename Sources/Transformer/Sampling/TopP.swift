// Nucleus sampling (Holtzman et al. 2020).

import Tokenizer

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

/// `topP` of a whole vocabulary. Sorts little more than the tokens that stay.
func topP(_ logits: [Float], _ p: Float) -> [Candidate] {
  let best = logits[Int(likeliest(logits))]
  var weights = WeightsByDistance()
  var total = 0.0
  for logit in logits where logit.isFinite {
    let weight = exp(Double(logit - best))
    total += weight
    weights.add(weight, at: Double(best - logit))
  }
  let goal = total * Double(max(0, p))
  let margin = weights.distance(holding: goal)
  var near: [Candidate] = []
  for (id, logit) in logits.enumerated() where logit.isFinite && Double(best - logit) <= margin {
    near.append(Candidate(id: TokenID(id), logit: logit))
  }
  near.sort(by: Candidate.precedes)
  var sum = 0.0
  for (index, candidate) in near.enumerated() {
    sum += exp(Double(candidate.logit - best))
    if sum >= goal { return Array(near[...index]) }
  }
  return near
}
