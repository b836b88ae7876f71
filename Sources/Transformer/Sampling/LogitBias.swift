// What the caller wants of single tokens.

import Tokenizer

/// Adds the biases, and takes banned tokens out; `endIDs` too while the answer must not end. Where nothing
/// would be left, as a constraint allows no other token, none is taken out.
func applyBias(
  _ options: SamplingOptions, endIDs: Set<TokenID>, mustGoOn: Bool, to logits: inout [Float]
) {
  for (id, bias) in options.logitBias where id >= 0 && Int(id) < logits.count {
    logits[Int(id)] += bias
  }
  var taken: [(id: Int, logit: Float)] = []
  func take(_ id: TokenID) {
    guard id >= 0, Int(id) < logits.count, logits[Int(id)].isFinite else { return }
    taken.append((Int(id), logits[Int(id)]))
    logits[Int(id)] = -.infinity
  }
  for id in options.bannedTokens { take(id) }
  if mustGoOn { for id in endIDs { take(id) } }
  if !taken.isEmpty, !logits.contains(where: \.isFinite) {
    for (id, logit) in taken { logits[id] = logit }
  }
}
