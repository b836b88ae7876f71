// Gemma 3n (Google DeepMind 2025).
//
//   s₀ = embedding[token] × √width,  the others products of it, as long as it is
//   each layer:  sᵢ += Σ cᵢⱼ × sⱼ,  x = s₀,  y = norm(x)
//                x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), norm(v)))),
//                q, k, v = qkv(y)
//                x = (x + y + norm(right(left(y)))) / √2
//                x += norm(down(gelu(gate(z)) × up(z))),                    z = norm(x)
//                sᵢ += kᵢ × (x - s₀),  and all but s₀
//                += norm(proj(gelu(gate(s₀)) × what the token tells the layer))
//   logits = cap(head(norm(x))), the head tied to the embedding,
//   x the mean of s₀ and products of the others
//
// c and k are products of what a router makes of the first stream. The first layers cut gates at a
// bound above their mean, so that few are left. Scores are not scaled. Four layers of five see a
// sliding window and turn by a base of their own; the last layers see what an earlier one of their
// kind has stored. Rotary pairs are halves. Pictures and sounds are other files.

import TensorCore

enum Gemma3n: Architecture {
  static let names = ["gemma3n"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 5
  /// Layers with keys and values of their own, where the file does not say how many have none.
  private static let ownLayers = 20
  /// Layers that cut gates, and where, if the file does not say: 95 of 100 are left out.
  private static let cutLayers = 10
  private static let cut: Float = 1.644_853_6
  /// What logits stay below: the same in all models, whatever a file says.
  private static let logitCap: Float = 30

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotaries = [try weights.rotary(.halves), try h.windowRotary(.halves)]
    let windows = try Self.windows(h)
    let sources = try Self.sources(h, windows)
    let cuts = try Self.cuts(weights)
    let shape = StreamShape(
      count: try h.int("altup.num_inputs", in: 2...8) ?? 4, width: h.embeddingLength)
    guard try h.int("altup.active_idx") ?? 0 == 0 else {
      throw h.unsupported("altup.active_idx", "is not 0, which no model of the family has")
    }
    guard let layerInputs = try LayerInputs(weights, defaultLength: 256) else {
      throw h.unsupported(
        "embedding_length_per_layer_input", "is 0, and no model of the family is without")
    }
    let ends = (try StreamSplit(weights, shape), try StreamMerge(weights, shape))
    return try weights.decoder(
      rotaries: rotaries, embeddingScale: Float(h.embeddingLength).squareRoot(),
      logitCap: logitCap, layerInputs: layerInputs
    ) { index in
      let rotaryIndex = windows[index] == nil ? 0 : 1
      var heads = h.heads(scale: 1)
      heads.window = windows[index]
      heads.rotary = rotaries[rotaryIndex]
      heads.valueNorm = try Norm(unweighted: heads.valueLength, epsilon: h.normEpsilon)
      if sources[index] == nil {
        try weights.readHeadNorms(of: index, into: &heads)
      } else {
        heads.queryNorm = HeadNorm(
          try weights.norm("blk.\(index).attn_q_norm.weight", count: heads.keyLength))
        weights.ignore(["k", "v", "k_norm"].map { "blk.\(index).attn_\($0).weight" })
      }
      let prediction = try StreamPrediction(weights, index, shape)
      let correction = try StreamCorrection(
        weights, index, shape, LayerInputLayer(weights, index, layerInputs))
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: rotaryIndex,
            source: sources[index].map(KeyValueSource.layer) ?? .own, norms: .beforeAndAfter)),
        inputs: (index == 0 ? [ends.0] : []) + [prediction, try LowRankLayer(weights, index)],
        others: [
          LowRankSum(),
          try FeedForwardLayer(
            weights, index, activation: .geluTanh, norms: .beforeAndAfter, cut: cuts[index]),
          correction,
        ] + (index == h.blockCount - 1 ? [ends.1] : []))
    }
  }

  /// Where each layer cuts gates, in standard deviations above their mean; nil for those that do
  /// not, for which files have an infinite number.
  private static func cuts(_ weights: WeightLoader) throws -> [Float?] {
    let h = weights.hyperparameters
    let key = "activation_sparsity_scale"
    let name = "\(h.architecture).\(key)"
    guard weights.metadata[name] != nil else {
      return (0..<h.blockCount).map { $0 < cutLayers ? cut : nil }
    }
    return try weights.metadata.requiredFloats(name, count: h.blockCount).map { value in
      guard value < .infinity else {
        throw h.unsupported(key, "has \(value), expected numbers of standard deviations")
      }
      return value == -.infinity ? nil : value
    }
  }

  /// The window of each layer; nil for those that see all.
  private static func windows(_ h: Hyperparameters) throws -> [Int?] {
    try h.slidingWindows(period: period, missing: .refused)
  }

  /// The layer whose keys and values each layer sees; nil for its own.
  private static func sources(_ h: Hyperparameters, _ windows: [Int?]) throws -> [Int?] {
    try h.sharedLayers(windows, default: max(0, h.blockCount - ownLayers))
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let windows = try windows(hyperparameters)
    let sources = try sources(hyperparameters, windows)
    return zip(memories(hyperparameters, windows: windows), sources).map {
      $1 == nil ? $0 : .none
    }
  }
}
