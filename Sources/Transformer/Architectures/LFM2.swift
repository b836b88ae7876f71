// LFM2 (Liquid AI 2025): short convolutions, and attention in some layers.
//
//   x = embedding[token]
//   each layer:  x += output(c × convolve(b × y)),  b, c, y = inputs(norm(x)),   or
//                x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),  y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding
//
// A layer without key-value heads is a convolution. Rotary pairs are halves. Where the file names a
// sliding window, all attention sees that alone. Where it has experts, the first layers have none, and the
// router's weights of those that a row goes to add up to 1.

import TensorCore

enum LFM2: Architecture {
  static let names = ["lfm2", "lfm2moe"]
  static let layerKinds = LayerKinds.mixed

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let window = try Self.window(h)
    return try weights.decoder(rotaries: [rotary], headNorm: "token_embd_norm.weight") { index in
      let feedForward: any FeedForward =
        try h.hasExperts(at: index)
        ? ExpertsLayer(weights, index, normalises: true)
        : FeedForwardLayer(weights, index, activation: .silu)
      guard h.attends(index) else {
        return DecoderLayer(.convolution(try ShortConvolutionLayer(weights, index)), feedForward)
      }
      var heads = h.heads()
      heads.window = window
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)), feedForward)
    }
  }

  /// What attention sees in positions; nil where it sees all.
  private static func window(_ h: Hyperparameters) throws -> Int? {
    let window = try h.int("attention.sliding_window", in: 0...1 << 30) ?? 0
    return window > 0 ? window : nil
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let h = hyperparameters
    let window = try window(h)
    return try (0..<h.blockCount).map { index in
      h.attends(index)
        ? LayerMemoryShape(
          headCount: h.keyValueHeadCount, keyLength: h.keyLength, valueLength: h.valueLength,
          window: window)
        : try ShortConvolutionLayer.memory(h)
    }
  }
}
