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
func typicalP(_ candidates: [Candidate], _ p: Float) -> [Candidate] {
  guard p < 1, candidates.count > 1 else { return candidates }
  let probabilities = softmax(candidates)
  let entropy = probabilities.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  let distances = probabilities.map { $0 > 0 ? abs(-log($0) - entropy) : .infinity }
  let order = candidates.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
  var sum = 0.0
  var count = 0
  for index in order {
    sum += probabilities[index]
    count += 1
    if sum > Double(p) { break }
  }
  return order.prefix(count).map { candidates[$0] }.sorted(by: Candidate.precedes)
}

/// The probabilities of the candidates among themselves, in their order.
package func softmax(_ candidates: [Candidate], temperature: Float = 1) -> [Double] {
  guard let best = candidates.map(\.logit).max() else { return [] }
  let weights = candidates.map { exp(Double($0.logit - best) / Double(temperature)) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}
