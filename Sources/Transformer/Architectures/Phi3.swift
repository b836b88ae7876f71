// Phi 3, 3.5 and 4 (Microsoft 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Query, key and value are one tensor, and so are gate and up. Rotary pairs are halves, and may be a
// part of a head. Models for long contexts have two lists of divisors (LongRoPE, Ding et al. 2024):
// which one holds is chosen by the context that the model is loaded for. Phi 3.5 MoE has experts, whose
// weights add up to 1; its norms have biases.

import TensorCore

enum Phi3: Architecture {
  static let names = ["phi3", "phimoe"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let windows = try Self.windows(h)
    var heads = h.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      heads.window = windows[index]
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(mixer, try ExpertsLayer(weights, index, normalises: true))
        : DecoderLayer(
          mixer, try FeedForwardLayer(weights, index, activation: .silu, isFused: true))
    }
  }

  /// All layers see the same window, if any.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    try h.slidingWindows(period: 0)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
