// gpt-oss (OpenAI 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)) + bias,  q, k, v = qkv(norm(x)) + bias
//                x += Σ weight × (down(swish(gate(y)) × (up(y) + 1)) + bias) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// Every other layer sees a sliding window, the first one among them. Each head has a sink: a logit without
// a value. Gate and up have biases and are clamped. The router's weights of the experts that a row goes to
// add up to 1. Rotary pairs are halves.

import TensorCore

enum GPTOSS: Architecture {
  static let names = ["gpt-oss"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 2

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let windows = try Self.windows(h)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = rotary
      heads.sinks = try weights.vector("blk.\(index).attn_sinks.weight", count: h.headCount)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try ExpertsLayer(
          weights, index, norm: "post_attention_norm.weight", activation: .clampedSwish,
          normalises: true))
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
