// Gemma 2 (Gemma Team 2024).
//
//   x = embedding[token] × √width
//   each layer:  x += norm(output(attend(rotate(q), rotate(k), v))),  q, k, v = qkv(norm(x))
//                x += norm(down(gelu(gate(y)) × up(y))),              y = norm(x)
//   logits = cap(head(norm(x))), the head tied to the embedding
//
// Every other layer sees a sliding window, the first one among them. Scores and logits are capped.
// Rotary pairs are halves. GGUF files store norm weights with the family's +1 already added.

import TensorCore

enum Gemma2: Architecture {
  static let names = ["gemma2"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 2
  /// Positions that layers with a window see, where the file does not say.
  private static let window = 4_096
  /// What scores and logits stay below, where the file does not say.
  private static let scoreCap: Float = 50
  private static let logitCap: Float = 30
  /// Layers of the 27B model, whose queries are scaled by width / heads.
  private static let largeModelLayers = 46

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let windows = try Self.windows(h)
    let queryLength =
      h.blockCount == Self.largeModelLayers ? h.embeddingLength / h.headCount : h.keyLength
    var heads = h.heads(scale: 1 / Float(queryLength).squareRoot())
    heads.rotary = rotary
    heads.softCap = try h.float("attn_logit_softcapping") ?? Self.scoreCap
    return try weights.decoder(
      rotaries: [rotary], embeddingScale: Float(h.embeddingLength).squareRoot(),
      logitCap: try h.float("final_logit_softcapping") ?? Self.logitCap
    ) { index in
      heads.window = windows[index]
      return DecoderLayer(
        .attention(
          try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, norms: .beforeAndAfter)),
        try FeedForwardLayer(weights, index, activation: .geluTanh, norms: .beforeAndAfter))
    }
  }

  /// The window of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    try h.slidingWindows(period: period, missing: .positions(window))
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
