// Qwen 3 and the text of Qwen3-VL (Qwen Team 2025), Ling and Ring 2 (Ant Group 2025), dots.llm1
// (rednote 2025) and Mellum 2 (JetBrains 2026).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                          y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves; text has one position where pictures have three. Queries and keys are
// normed head by head. The head may be the embedding table (tied). Where the file has experts, the
// router's weights of those that a row goes to add up to 1. In Ling's and dots.llm1 the first
// layers have none, and all rows share one. In Mellum three layers of four see a sliding window,
// and turn without the file's scaling.

import TensorCore

enum Qwen3: Architecture {
  static let names = [
    "qwen3", "qwen3moe", "qwen3vl", "qwen3vlmoe", "bailingmoe2", "dots1", "mellum",
  ]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let local = RotaryEmbedding(
      pairing: .halves, dimensionCount: h.rotaryDimensionCount, base: h.rotaryBase)
    let windows = try Self.windows(h)
    let normalises: Bool? = ["bailingmoe2", "dots1"].contains(h.architecture) ? nil : true
    let isShared = try h.hasSharedExpert()
    return try weights.decoder(rotaries: [rotary, local]) { index in
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = windows[index] == nil ? rotary : local
      try weights.readHeadNorms(of: index, into: &heads)
      let mixer = Mixer.attention(
        try AttentionLayer(
          weights, index, heads: heads, rotaryIndex: windows[index] == nil ? 0 : 1))
      return try h.hasExperts(at: index)
        ? DecoderLayer(
          mixer, try ExpertsLayer(weights, index, normalises: normalises, isShared: isShared))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
  }

  /// The window of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    guard h.architecture == "mellum" else { return Array(repeating: nil, count: h.blockCount) }
    return try h.slidingWindows(period: 4)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
