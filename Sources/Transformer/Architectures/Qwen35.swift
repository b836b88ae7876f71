// Qwen 3.5 (Qwen Team 2026) and Qwen3-Next (2025): linear attention, and attention in every fourth layer.
//
//   x = embedding[token]
//   each layer:  x += output(norm(delta(q, k, v)) × silu(z)),   q, k, v = silu(convolve(inputs(norm(x)))),  or
//                x += output(attend(rotate(norm(q)), rotate(norm(k)), v) × sigmoid(g)),  q, g, k, v = inputs(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x),  or experts and one for all rows
//   logits = head(norm(x))
//
// Rotary pairs are halves, and a part of a head turns; text has one position where pictures have three. A
// row of queries holds those of a head and then their gates. The router's weights of a row's experts add up
// to 1. What predicts a token beyond the next is left out.

import TensorCore

enum Qwen35: Architecture {
  static let names = ["qwen35", "qwen35moe", "qwen3next"]
  static let layerKinds = LayerKinds.mixed

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let linear = try Self.linear(h)
    let order: GatedDeltaLayer.HeadOrder = h.architecture == "qwen3next" ? .together : .apart
    let norm = "post_attention_norm.weight"
    return try weights.decoder(rotaries: [rotary]) { index in
      let feedForward: any FeedForward =
        try h.hasExperts(at: index)
        ? ExpertsLayer(weights, index, norm: norm, normalises: true, isShared: true)
        : FeedForwardLayer(weights, index, norm: norm, activation: .silu)
      guard !linear[index] else {
        return DecoderLayer(.delta(try GatedDeltaLayer(weights, index, order)), feedForward)
      }
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(
          try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, isGated: true)),
        feedForward)
    }
  }

  /// Which layers do not attend.
  private static func linear(_ h: Hyperparameters) throws -> [Bool] {
    if let layers = try h.bools("attention.recurrent_layers") { return layers }
    let interval = try h.int("full_attention_interval", in: 1...1 << 10) ?? 4
    return (0..<h.blockCount).map { ($0 + 1) % interval != 0 }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let h = hyperparameters
    return try linear(h).map { isLinear in
      isLinear
        ? try GatedDeltaLayer.memory(h)
        : LayerMemoryShape(
          headCount: h.keyValueHeadCount, keyLength: h.keyLength, valueLength: h.valueLength)
    }
  }
}
