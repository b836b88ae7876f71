// Qwen 3 (Qwen Team 2025), and Ling and Ring 2 (Ant Group 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                          y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves. Queries and keys are normed head by head. The head may be the embedding
// table (tied). Where the file has experts, the router's weights of those that a row goes to add up to 1. In
// Ling's the first layers have none, all rows share one, and a part of a head turns.

import TensorCore

enum Qwen3: Architecture {
  static let names = ["qwen3", "qwen3moe", "qwen3vl", "qwen3vlmoe", "bailingmoe2"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let normalises: Bool? = h.architecture == "bailingmoe2" ? nil : true
    let isShared = try h.hasSharedExpert()
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer, try ExpertsLayer(weights, index, normalises: normalises, isShared: isShared))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
