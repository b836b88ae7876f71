// Granite 3 and 4 (IBM 2024, 2025) and MiniCPM (Hu et al. 2024): Llama's shape with factors.
//
//   x = embedding[token] × e
//   each layer:  x += r × output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)),  or
//                x += r × output(norm(space(convolve(y), t) × silu(z))),  z, y, t = inputs(norm(x))
//                x += r × down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x)) / l
//
// A layer of Granite 4.0 H without key-value heads is a state space. Rotary pairs are adjacent; nothing
// turns where the file says that it was trained without (`rope.scaling.finetuned`). The head may be the
// embedding table (tied). Where the file has experts, the router's weights of those that a row goes to add
// up to 1, and there may be one for all rows.

import TensorCore

enum Granite: Architecture {
  static let names = ["granite", "granitemoe", "granitehybrid", "minicpm"]
  static let layerKinds = LayerKinds.mixed

  /// What MiniCPM's factors are made of: e, r in a model of one layer, and the width where l is 1.
  private static let embeddingScale: Float = 12
  private static let depthScale: Float = 1.4
  private static let baseWidth: Float = 256

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    var heads = h.heads(scale: try h.attentionScale())
    // Of this family alone the key says whether anything turns.
    let turns = try h.architecture == "minicpm" || h.bool("rope.scaling.finetuned") != false
    heads.rotary = turns ? rotary : nil
    // Older files of MiniCPM name no factors.
    func factor(_ key: String, older: Float) throws -> Float {
      try h.factor(key, default: h.architecture == "minicpm" ? older : nil)
    }
    let residualScale = try factor(
      "residual_scale", older: depthScale / Float(h.blockCount).squareRoot())
    let logitScale = try factor("logit_scale", older: Float(h.embeddingLength) / baseWidth)
    let isShared = try h.int("expert_shared_feed_forward_length") ?? 0 > 0
    return try weights.decoder(
      rotaries: [rotary], embeddingScale: try factor("embedding_scale", older: embeddingScale),
      logitScale: 1 / logitScale
    ) { index in
      let mixer: Mixer =
        h.attends(index)
        ? .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: 0, residualScale: residualScale))
        : .stateSpace(try StateSpaceLayer(weights, index, residualScale: residualScale))
      guard try h.hasExperts(at: index) else {
        return DecoderLayer(
          mixer,
          try FeedForwardLayer(weights, index, activation: .silu, residualScale: residualScale))
      }
      return DecoderLayer(
        mixer,
        try ExpertsLayer(
          weights, index, normalises: true, isShared: isShared, residualScale: residualScale))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    try memories(hyperparameters) { try StateSpaceLayer.memory($0) }
  }
}
