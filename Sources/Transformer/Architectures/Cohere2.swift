// Command R7B and its kin (Cohere 2024).
//
//   x = embedding[token]
//   each layer:  y = norm(x)
//                x += output(attend(q, k, v)) + down(silu(gate(y)) × up(y)),  q, k, v = qkv(y)
//   logits = head(norm(x)) × scale, the head tied to the embedding
//
// The norms are around the mean. Three layers of four see a sliding window and turn queries and keys;
// every fourth sees all and turns nothing. Rotary pairs are adjacent.

import TensorCore

enum Cohere2: Architecture {
  static let names = ["cohere2"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 4

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    let windows = try Self.windows(h)
    return try weights.decoder(rotaries: [rotary], logitScale: try h.float("logit_scale") ?? 1) {
      index in
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = windows[index] == nil ? nil : rotary
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, norm: "attn_norm.weight", activation: .silu),
        isParallel: true)
    }
  }

  /// The window of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    try h.slidingWindows(period: period, missing: .refused)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
