// Ling and Ring 2 (Ant Group 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += shared(y) + Σ weight × expert(y) over its experts,    y = norm(x)
//   logits = head(norm(x))
//
// The first layers have one feed-forward block in place of experts. Rotary pairs are halves, and a part of a
// head turns.

import TensorCore

enum BailingMoE2: Architecture {
  static let names = ["bailingmoe2"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let firstOfExperts = try h.leadingDenseCount()
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return index < firstOfExperts
        ? DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
        : DecoderLayer(mixer, try ExpertsLayer(weights, index, isShared: true))
    }
  }
}
