// PLaMo 3 (Preferred Networks 2025).
//
//   x = embedding[token]
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), v))),
//                q, k, v = qkv(norm(x))
//                x += norm(down(silu(gate(y)) × up(y))),  y = norm(x)
//   logits = head(norm(x))
//
// Query, key and value are one tensor, and so are gate and up. Where the file names a sliding
// window, seven layers of eight see that alone, and turn by a base of their own. Rotary pairs are
// halves. The head may be the embedding table (tied). Norms behind the blocks have names without an
// ending.

import TensorCore

enum PLaMo3: Architecture {
  static let names = ["plamo3"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 8

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotaries = [try weights.rotary(.halves), try h.windowRotary(.halves)]
    let windows = try h.slidingWindows(period: period)
    return try weights.decoder(rotaries: rotaries) { index in
      let rotaryIndex = windows[index] == nil ? 0 : 1
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = rotaries[rotaryIndex]
      try weights.readHeadNorms(of: index, into: &heads)
      func name(_ norm: String) -> String {
        weights.has("blk.\(index).\(norm).weight") ? norm + ".weight" : norm
      }
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: rotaryIndex, norms: .beforeAndAfter,
            outputNorm: name("post_attention_norm"))),
        try FeedForwardLayer(
          weights, index, activation: .silu, norms: .beforeAndAfter,
          outputNorm: name("post_ffw_norm"), isFused: true))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try hyperparameters.slidingWindows(period: period))
  }
}
