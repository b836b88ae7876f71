// Granite with sliding windows (IBM 2026): Llama's shape with factors and sinks.
//
//   x = embedding[token] × e
//   each layer:  x += r × output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += r × (shared(y) + Σ weight × expert(y) over its experts),  y = norm(x),  or
//                x += r × down(silu(gate(y)) × up(y))
//   logits = head(norm(x)) / l
//
// The file names the layers that see a window alone, and those that turn. Each head has a sink: a logit
// without a value. The router's weights of a row's experts add up to 1. Rotary pairs are adjacent.

import TensorCore

enum GraniteWindows: Architecture {
  static let names = ["granite_swa"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    let windows = try Self.windows(h)
    let turns = try h.bools("attention.rope_pattern")
    let isShared = try h.int("expert_shared_feed_forward_length") ?? 0 > 0
    let factors = (
      residual: try factor("residual_scale", h), embedding: try factor("embedding_scale", h)
    )
    let logitScale = try h.factor("logit_scale")
    var heads = h.heads(scale: try h.attentionScale())
    return try weights.decoder(
      rotaries: [rotary], embeddingScale: factors.embedding, logitScale: 1 / logitScale
    ) { index in
      heads.window = windows[index]
      heads.rotary = turns?[index] ?? true ? rotary : nil
      heads.sinks = try weights.vector("blk.\(index).attn_sinks.weight", count: h.headCount)
      let feedForward: any FeedForward =
        try h.hasExperts(at: index)
        ? ExpertsLayer(
          weights, index, normalises: true, isShared: isShared, residualScale: factors.residual)
        : FeedForwardLayer(weights, index, activation: .silu, residualScale: factors.residual)
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: 0, residualScale: factors.residual)),
        feedForward)
    }
  }

  /// A factor that is 1 where the file names none.
  private static func factor(_ key: String, _ h: Hyperparameters) throws -> Float {
    let factor = try h.float(key) ?? 0
    return factor == 0 ? 1 : factor
  }

  /// The window of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    guard try h.bools("attention.sliding_window_pattern") != nil else {
      throw h.unsupported(
        "attention.sliding_window_pattern", "is missing, and layers of the family differ")
    }
    return try h.slidingWindows(period: 0, missing: .refused)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
