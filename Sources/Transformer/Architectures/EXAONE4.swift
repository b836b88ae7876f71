// EXAONE 4 and K-EXAONE (LG AI Research 2025).
//
//   x = embedding[token]
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), v))),  q, k, v = qkv(x)
//                x += norm(down(silu(gate(x)) × up(x)))
//   logits = head(norm(x))
//
// Norms stand behind the blocks alone, in K-EXAONE before them. That has experts in place of
// feed-forward blocks in all layers but the first, and one for all rows. Rotary pairs are halves.
// Where the file names a sliding window, three layers of four see that alone, and every fourth sees
// all and turns nothing.

import TensorCore

enum EXAONE4: Architecture {
  static let names = ["exaone4", "exaone-moe"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 4

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let windows = try h.slidingWindows(period: Self.period)
    let hasWindows = windows.contains { $0 != nil }
    let norms: BlockNorms = h.architecture == "exaone4" ? .after : .before
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = hasWindows && windows[index] == nil ? nil : rotary
      try weights.readHeadNorms(of: index, into: &heads)
      return try DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, norms: norms)),
        norms == .before && h.hasExperts(at: index)
          ? try ExpertsLayer(weights, index, gate: .sigmoid, isShared: true)
          : try FeedForwardLayer(weights, index, activation: .silu, norms: norms))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try hyperparameters.slidingWindows(period: period))
  }
}
