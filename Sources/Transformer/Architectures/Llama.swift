// Llama and the models that share its shape (Touvron et al. 2023): SmolLM, Mistral, TinyLlama,
// InternLM 2, XVERSE, ERNIE 4.5 (Baidu 2025), OLMo (Groeneveld et al. 2024), DeepSeek MoE (2024), Ling (Ant Group 2025), ...
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are adjacent, since GGUF files store q and k permuted for that. The head may be the
// embedding table (tied). Biases are optional. Where the file has experts (Mixtral, Jiang et al.
// 2024), the router's weights of those that a row goes to add up to 1 (DeepSeek's do not, and
// Ling's files say it); the first layers may have none, and all rows may share one. Baichuan's
// models of 13 billion weights (2023) turn nothing, and take from a head's logits what grows with
// distance (ALiBi, Press et al. 2022). OLMo's norms are around the mean and
// have neither weights nor biases, and some of its models clamp q, k and v.

import TensorCore

enum Llama: Architecture {
  static let names = [
    "llama", "internlm2", "ernie4_5", "ernie4_5-moe", "xverse", "deepseek", "bailingmoe",
    "baichuan", "olmo",
  ]

  /// Layers of Baichuan's models that turn nothing.
  private static let unturnedLayers = 40

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    weights.normsHaveWeights = h.architecture != "olmo"
    let isShared = try h.hasSharedExpert()
    let normalises: Bool? =
      switch h.architecture {
      case "deepseek": false
      case "bailingmoe": nil
      default: true
      }
    let rotary = try weights.rotary(.adjacent)
    var heads = h.heads(scale: try h.attentionScale())
    if h.architecture == "baichuan", h.blockCount == unturnedLayers {
      heads.slopes = try h.distanceSlopes()
    } else {
      heads.rotary = rotary
    }
    return try weights.decoder(rotaries: [rotary]) { index in
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer, try ExpertsLayer(weights, index, normalises: normalises, isShared: isShared))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
