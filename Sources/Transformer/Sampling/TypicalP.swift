// Locally typical sampling (Meister et al. 2022).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The candidates whose surprise is nearest to the expected one, until their probabilities exceed
/// `p`; likeliest first.
///
/// Sorts little more than those that stay.
func typicalP(_ candidates: [Candidate], _ p: Float) -> [Candidate] {
  guard p < 1, candidates.count > 1, let best = candidates.map(\.logit).max() else {
    return candidates
  }
  let weights = candidates.map { exp(Double($0.logit - best)) }
  let total = weights.reduce(0, +)
  // Surprises are taken from logits, so that each takes no logarithm.
  let base = log(total)
  var entropy = 0.0
  for (index, weight) in weights.enumerated() where weight > 0 {
    entropy += weight / total * (base - Double(candidates[index].logit - best))
  }
  func distance(_ index: Int) -> Double {
    weights[index] > 0 ? abs(base - Double(candidates[index].logit - best) - entropy) : .infinity
  }
  var byDistance = WeightsByDistance()
  for index in candidates.indices { byDistance.add(weights[index], at: distance(index)) }
  let margin = byDistance.distance(holding: Double(p) * total)
  var near: [(distance: Double, index: Int)] = []
  for index in candidates.indices where distance(index) <= margin {
    near.append((distance(index), index))
  }
  near.sort { a, b in
    a.distance < b.distance
      || a.distance == b.distance && Candidate.precedes(candidates[a.index], candidates[b.index])
  }
  var sum = 0.0
  var count = 0
  for (_, index) in near {
    sum += weights[index] / total
    count += 1
    if sum > Double(p) { break }
  }
  return near.prefix(count).map { candidates[$0.index] }.sorted(by: Candidate.precedes)
}

/// The probabilities of the candidates among themselves, in their order.
package func softmax(_ candidates: [Candidate], temperature: Float = 1) -> [Double] {
  guard let best = candidates.map(\.logit).max() else { return [] }
  let weights = candidates.map { exp(Double($0.logit - best) / Double(temperature)) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}
