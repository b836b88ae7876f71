// Penalties for tokens that stand in the recent text.

import Tokenizer

/// Lowers the logits of recent tokens: repeat (Keskar et al. 2019), presence and frequency (as
/// OpenAI's API has them).
func applyPenalties(_ options: SamplingOptions, recent: [TokenID], to logits: inout [Float]) {
  guard options.repeatLastN != 0,
    options.repeatPenalty != 1 || options.presencePenalty != 0 || options.frequencyPenalty != 0
  else { return }
  let window = options.repeatLastN < 0 ? recent[...] : recent.suffix(options.repeatLastN)
  var counts: [TokenID: Int] = [:]
  for id in window where id >= 0 && Int(id) < logits.count { counts[id, default: 0] += 1 }
  for (id, count) in counts {
    var logit = logits[Int(id)]
    logit = logit > 0 ? logit / options.repeatPenalty : logit * options.repeatPenalty
    logit -= Float(count) * options.frequencyPenalty + options.presencePenalty
    logits[Int(id)] = logit
  }
}
