// Gemma 4 (Google DeepMind 2026).
//
//   x = embedding[token] × √width
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), norm(v))))
//                x += norm(down(gelu(gate(y)) × up(y))),                   y = norm(x)
//                x += norm(proj(gelu(gate(x)) × what the token tells the layer))
//                x ×= the layer's factor
//   logits = head(norm(x)), the head tied to the embedding, capped
//
// Scores are not scaled. Most layers see a sliding window; heads of the others are longer and turn by
// another base, of which divisors leave a part as it is. Rotary pairs are halves. A layer without values
// takes its keys for them; the last layers see what an earlier one of their kind has stored. The small
// models alone tell layers something of the token. A layer with experts has a feed-forward block beside them.

import TensorCore

enum Gemma4: Architecture {
  static let names = ["gemma4"]
  static let layerKinds = LayerKinds.varied

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 6

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotaries = [try weights.rotary(.halves), try Self.localRotary(h)]
    let windows = try h.slidingWindows(period: period)
    let sources = try h.sharedLayers(windows)
    let layerInputs = try LayerInputs(weights)
    return try weights.decoder(
      rotaries: rotaries, embeddingScale: Float(h.embeddingLength).squareRoot(),
      logitCap: try h.float("final_logit_softcapping") ?? 0, layerInputs: layerInputs
    ) { index in
      let rotaryIndex = windows[index] == nil ? 0 : 1
      var heads = try Self.heads(h, sources[index] ?? index, window: windows[index])
      heads.rotary = rotaries[rotaryIndex]
      var source = KeyValueSource.own
      if let other = sources[index] {
        source = .layer(other)
        weights.ignore(["k", "v", "k_norm"].map { "blk.\(index).attn_\($0).weight" })
        heads.queryNorm = HeadNorm(
          try weights.norm("blk.\(index).attn_q_norm.weight", count: heads.keyLength))
      } else {
        if !weights.has("blk.\(index).attn_v.weight"),
          !weights.has("blk.\(index).attn_qkv.weight")
        {
          source = .keysAlone
        }
        try weights.readHeadNorms(of: index, into: &heads)
        heads.valueNorm = try Norm(unweighted: heads.valueLength, epsilon: h.normEpsilon)
      }
      var others: [any FeedForward] = []
      if let layerInputs { others.append(try LayerInputLayer(weights, index, layerInputs)) }
      if let scale = try LayerScale(weights, index) { others.append(scale) }
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: rotaryIndex, source: source,
            norms: .beforeAndAfter)),
        weights.has("blk.\(index).ffn_gate_inp.weight")
          ? try JoinedExpertsLayer(weights, index, activation: .geluTanh)
          : try FeedForwardLayer(
            weights, index, activation: .geluTanh, norms: .beforeAndAfter,
            inner: h.feedForwardLengths[index]),
        others: others)
    }
  }

  private static func localRotary(_ h: Hyperparameters) throws -> RotaryEmbedding {
    let count =
      try h.int("rope.dimension_count_swa", in: 1...1 << 14) ?? h.rotaryDimensionCount
    guard count % 2 == 0, count <= (try localLengths(h).key) else {
      throw h.unsupported(
        "rope.dimension_count_swa", "is \(count), expected an even part of a head")
    }
    return RotaryEmbedding(
      pairing: .halves, dimensionCount: count,
      base: try h.windowRotaryBase() ?? h.rotaryBase)
  }

  /// Lengths of the heads of layers that see a window.
  private static func localLengths(_ h: Hyperparameters) throws -> (key: Int, value: Int) {
    let key = try h.int("attention.key_length_swa", in: 1...1 << 14) ?? h.keyLength
    let value = try h.int("attention.value_length_swa", in: 1...1 << 14) ?? h.valueLength
    for (name, key, value) in [("", h.keyLength, h.valueLength), ("_swa", key, value)]
    where key != value {
      throw h.unsupported(
        "attention.value_length\(name)",
        "is \(value), expected \(h.architecture).attention.key_length\(name), which is \(key)")
    }
    return (key, value)
  }

  private static func heads(
    _ h: Hyperparameters, _ index: Int, window: Int?
  ) throws -> AttentionHeads {
    var heads = h.heads(scale: 1)
    heads.keyValueHeadCount = h.keyValueHeadCounts[index]
    heads.window = window
    if window != nil {
      let lengths = try localLengths(h)
      (heads.keyLength, heads.valueLength) = (lengths.key, lengths.value)
    }
    return heads
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let h = hyperparameters
    let windows = try h.slidingWindows(period: period)
    let sources = try h.sharedLayers(windows)
    return try (0..<h.blockCount).map { index in
      guard sources[index] == nil else { return .none }
      let heads = try heads(h, index, window: windows[index])
      return LayerMemoryShape(
        headCount: heads.keyValueHeadCount, keyLength: heads.keyLength,
        valueLength: heads.valueLength, window: heads.window)
    }
  }
}
