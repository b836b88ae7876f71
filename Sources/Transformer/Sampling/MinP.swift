// Min-p sampling (Nguyen et al. 2024).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The candidates with at least `p` times the likeliest one's probability.
func minP(_ candidates: [Candidate], _ p: Float) -> [Candidate] {
  guard p > 0, let best = candidates.map(\.logit).max() else { return candidates }
  let bound = best + logf(min(1, p))
  return candidates.filter { $0.logit >= bound }
}
