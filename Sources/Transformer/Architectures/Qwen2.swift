// Qwen 1 to 2.5 and the text of Qwen2-VL (Qwen Team 2023 to 2025), EXAONE 3 (LG AI Research 2024),
// Seed-OSS (ByteDance 2025) and openPangu Embedded (Huawei 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)) + bias
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves; text has one position where pictures have three. Biases are optional.
// Seed-OSS names its second norm by what stands before it. The head may be the embedding table
// (tied). Qwen 1 names twice the feed-forward length. Where the file has experts (Qwen 1.5, 2024),
// all rows share one, of which a gate tells how much counts.

import TensorCore

enum Qwen2: Architecture {
  static let names = [
    "qwen2", "qwen2vl", "qwen2moe", "qwen", "exaone", "seed_oss", "pangu-embedded",
  ]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    var heads = h.heads()
    heads.rotary = rotary
    let norm =
      h.architecture == "seed_oss" ? "post_attention_norm.weight" : "ffn_norm.weight"
    let inner = h.architecture == "qwen" ? h.feedForwardLength / 2 : h.feedForwardLength
    return try weights.decoder(rotaries: [rotary]) { index in
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer, try ExpertsLayer(weights, index, normalises: false, isShared: true))
        : DecoderLayer(
          mixer,
          try FeedForwardLayer(weights, index, norm: norm, activation: .silu, inner: inner))
    }
  }
}
