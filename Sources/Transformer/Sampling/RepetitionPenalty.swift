// DRY, "don't repeat yourself" (p-e-w 2024): a token that would go on with a repetition is made less
// likely, exponentially with the length of what repeats.

import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Lowers the logits of tokens that followed earlier what the text ends with now.
func applyRepetitionPenalty(
  _ options: SamplingOptions, recent: [TokenID], to logits: inout [Float]
) {
  guard options.dryMultiplier != 0, options.dryBase >= 1, options.dryLastN != 0 else { return }
  let window = options.dryLastN < 0 ? recent[...] : recent.suffix(options.dryLastN)
  let allowed = max(0, options.dryAllowedLength)
  guard window.count > allowed else { return }
  let backwards = Array(window.reversed())
  // A repetition ends at the last breaker at the latest.
  let limit = backwards.firstIndex(where: options.dryBreakers.contains) ?? backwards.count
  guard limit >= allowed else { return }
  var longest: [TokenID: Int] = [:]
  for (place, match) in prefixMatches(backwards).enumerated().dropFirst() {
    let length = min(match, limit)
    if length >= allowed { longest[backwards[place - 1], default: 0].raise(to: length) }
  }
  // A float holds no larger power.
  let most = options.dryBase > 1.000_001 ? Int(88.722_839 / logf(options.dryBase)) : .max
  for (id, length) in longest where id >= 0 && Int(id) < logits.count {
    let exponent = min(length - allowed, most)
    // Finite: what a constraint leaves alone must be possible.
    let penalty = options.dryMultiplier * powf(options.dryBase, Float(exponent))
    logits[Int(id)] -= min(penalty, 1e30)
  }
}

/// For each place, how many elements from there on are those of the beginning (the Z function).
private func prefixMatches(_ list: [TokenID]) -> [Int] {
  var matches = [Int](repeating: 0, count: list.count)
  var (start, end) = (0, 0)
  for place in 1..<max(1, list.count) {
    var length = place < end ? min(end - place, matches[place - start]) : 0
    while place + length < list.count, list[length] == list[place + length] { length += 1 }
    if place + length > end { (start, end) = (place, place + length) }
    matches[place] = length
  }
  return matches
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}
