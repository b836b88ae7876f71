// Temperature that follows how sure the model is (dynamic temperature, kalomaze 2023).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The temperature for these candidates: by their entropy, as a part of the greatest that so many
/// can have, between the ends of the range.
func temperature(_ options: SamplingOptions, for candidates: [Candidate]) -> Float {
  let range = options.temperatureRange
  guard range > 0, candidates.count > 1 else { return options.temperature }
  let entropy = softmax(candidates).reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  let part = entropy / log(Double(candidates.count))
  let least = max(0, options.temperature - range)
  let most = options.temperature + range
  return least + (most - least) * Float(pow(part, Double(options.temperatureExponent)))
}
