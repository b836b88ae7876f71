// What the caller wants of single tokens.

import Tokenizer

/// Adds the biases, and takes banned tokens out; `endIDs` too while the answer must not end.
func applyBias(
  _ options: SamplingOptions, endIDs: Set<TokenID>, mustGoOn: Bool, to logits: inout [Float]
) {
  for (id, bias) in options.logitBias where id >= 0 && Int(id) < logits.count {
    logits[Int(id)] += bias
  }
  for id in options.bannedTokens where id >= 0 && Int(id) < logits.count {
    logits[Int(id)] = -.infinity
  }
  guard mustGoOn else { return }
  for id in endIDs where id >= 0 && Int(id) < logits.count { logits[Int(id)] = -.infinity }
}
