// GLM-4.5 and its kin (Zhipu AI 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x)) + bias
//                x += shared(y) + Σ weight × expert(y) over its experts,    y = norm(x)
//   logits = head(norm(x))
//
// The first layers have one feed-forward block in place of experts. Only some models norm queries and keys.
// Rotary pairs are halves, and half of a head turns.

import TensorCore

enum GLM4MoE: Architecture {
  static let names = ["glm4moe"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    try h.refusePicturePositions()
    let rotary = try weights.rotary(.halves)
    let norm = "post_attention_norm.weight"
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      if weights.has("blk.\(index).attn_q_norm.weight") {
        try weights.readHeadNorms(of: index, into: &heads)
      }
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer, try ExpertsLayer(weights, index, norm: norm, gate: .sigmoid, isShared: true))
        : DecoderLayer(
          mixer, try FeedForwardLayer(weights, index, norm: norm, activation: .silu))
    }
  }
}
