// EmbeddingGemma (Google 2025).
//
//   x = embedding[token] × √width
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), v))),
//                q, k, v = qkv(norm(x))
//                x += norm(down(gelu(gate(y)) × up(y))),  y = norm(x)
//   states = dense(dense(norm(x)))
//
// All tokens see one another: in every sixth layer all, in the others those of a window around each,
// where heads turn by a base of their own. Rotary pairs are halves. The last two products stand
// behind pooling in the original, which gives the same for the mean; files may lack them.

import TensorCore

enum GemmaEmbedding: Architecture {
  static let names = ["gemma-embedding"]
  static let layerKinds = LayerKinds.encoder

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 6

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let global = try weights.rotary(.halves)
    let local = try h.windowRotary(.halves)
    let windows = try h.slidingWindows(period: Self.period, missing: .refused)
    return try weights.encoder(
      rotaries: [global, local], embeddingScale: Float(h.embeddingLength).squareRoot(),
      norm: try weights.norm("output_norm.weight", count: h.embeddingLength),
      dense: try dense(weights)
    ) { index in
      let isLocal = windows[index] != nil
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = isLocal ? local : global
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: isLocal ? 1 : 0, norms: .beforeAndAfter)),
        try FeedForwardLayer(weights, index, activation: .geluTanh, norms: .beforeAndAfter))
    }
  }

  /// The products behind the last norm, as many as the file has.
  private static func dense(_ weights: WeightLoader) throws -> [Projection] {
    guard weights.has("dense_2.weight") || weights.has("dense_3.weight") else { return [] }
    let h = weights.hyperparameters
    let inner = try h.requiredInt("dense_2_feat_out", in: 1...1 << 20)
    return try [
      Projection(weights.matrix("dense_2.weight", rows: inner, columns: h.embeddingLength)),
      Projection(weights.matrix("dense_3.weight", rows: h.embeddingLength, columns: inner)),
    ]
  }
}
