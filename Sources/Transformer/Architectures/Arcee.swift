// AFM (Arcee AI 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(max(up(norm(x)), 0)²)
//   logits = head(norm(x))
//
// Rotary pairs are adjacent.

import TensorCore

enum Arcee: Architecture {
  static let names = ["arcee"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.adjacent)
    var heads = weights.hyperparameters.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(weights, index, activation: .squaredReLU))
    }
  }
}
