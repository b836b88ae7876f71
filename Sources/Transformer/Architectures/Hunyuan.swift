// Hunyuan (Tencent 2025), dense and with experts, and Maincoder (Maincode 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(norm(rotate(q)), norm(rotate(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                          y = norm(x)
//   logits = head(norm(x))
//
// Queries and keys are turned before they are normed. Rotary pairs are halves, Maincoder's
// adjacent. Where the file has experts, all rows share one, and the router's weights of the others
// add up to 1.

import TensorCore

enum Hunyuan: Architecture {
  static let names = ["hunyuan-dense", "hunyuan-moe", "maincoder"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(h.architecture == "maincoder" ? .adjacent : .halves)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      heads.turnsBeforeNorm = true
      try weights.readHeadNorms(of: index, into: &heads)
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer,
          try ExpertsLayer(
            weights, index, normalises: true, inner: h.feedForwardLength, isShared: true))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
