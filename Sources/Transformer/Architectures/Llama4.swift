// Llama 4 Scout and Maverick, text (Meta 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(norm(rotate(q)), norm(rotate(k)), v)),  or
//                x += output(attend(t × q, k, v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),  or
//                x += shared(y) + Σ expert(weight × y) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// Every fourth layer is of the second kind: it sees all and turns nothing, and t grows with the
// position. The others see the chunk of positions that a row is in. Their norms are without
// weights, and those of models with 128 experts without norms. The router's weights are sigmoids,
// and stand on what experts read. Rotary pairs are adjacent.

import TensorCore

enum Llama4: Architecture {
  static let names = ["llama4"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 4
  /// Every so many layers one turns nothing.
  private static let restPeriod = 4
  /// Positions of a chunk, and to each step of queries' growth: the same in all models.
  private static let chunk = 8_192
  /// Experts of the model (Maverick) that norms neither queries nor keys.
  private static let plainExpertCount = 128

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let windows = try Self.windows(h)
    let rotary = try weights.rotary(.adjacent)
    guard try h.float("rope.freq_base_swa") ?? h.rotaryBase == h.rotaryBase else {
      throw h.unsupported("rope.freq_base_swa", "is not rope.freq_base, which is not supported")
    }
    let norms = try h.int("expert_count") != plainExpertCount
    let norm = HeadNorm(try Norm(unweighted: h.keyLength, epsilon: h.normEpsilon))
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads(scale: try h.attentionScale())
      heads.window = windows[index]
      heads.windowIsChunk = true
      if (index + 1) % restPeriod == 0 {
        heads.temperature = AttentionTemperature(scale: 0.1, span: chunk, offset: 1)
      } else {
        heads.rotary = rotary
        heads.turnsBeforeNorm = true
        if norms { (heads.queryNorm, heads.keyNorm) = (norm, norm) }
      }
      let feedForward: any FeedForward =
        try h.hasExperts(at: index)
        ? ExpertsLayer(
          weights, index, gate: .sigmoid, normalises: false, weighsInputs: true, isShared: true)
        : FeedForwardLayer(weights, index, activation: .silu)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)), feedForward)
    }
  }

  /// The chunk of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    // Files have a window for this alone: it is 0 where all layers see all.
    guard try h.int("attention.sliding_window", in: 0...1 << 30) != 0 else {
      throw h.unsupported(
        "attention.sliding_window", "is 0, and layers without chunks are not known")
    }
    return try h.layersWithWindow(period: period).map { $0 ? chunk : nil }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try windows(hyperparameters))
  }
}
