// OLMo 2 and 3 (OLMo Team 2024, 2025).
//
//   x = embedding[token]
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), v))),  q, k, v = qkv(x)
//                x += norm(down(silu(gate(x)) × up(x)))
//   logits = head(norm(x))
//
// Norms stand behind the blocks alone; queries and keys are normed over all heads together. Rotary pairs
// are halves. Where the file names a sliding window, three layers of four see that alone, and turn
// without the file's scaling. Of this family `attn_factor` is the original's `attention_factor`,
// which takes the place of YaRN's own.

import TensorCore

enum OLMo2: Architecture {
  static let names = ["olmo2"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 4

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let global = try weights.rotary(.halves, attentionFactorIsWhole: true)
    let local = RotaryEmbedding(
      pairing: .halves, dimensionCount: h.rotaryDimensionCount, base: h.rotaryBase)
    let windows = try h.slidingWindows(period: Self.period)
    return try weights.decoder(rotaries: [global, local]) { index in
      let isLocal = windows[index] != nil
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = isLocal ? local : global
      try weights.readHeadNorms(of: index, into: &heads, together: true)
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: isLocal ? 1 : 0, norms: .after)),
        try FeedForwardLayer(weights, index, activation: .silu, norms: .after))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try hyperparameters.slidingWindows(period: period))
  }
}
