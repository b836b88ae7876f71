// Phi 1, 1.5 and 2 (Microsoft 2023).
//
//   x = embedding[token]
//   each layer:  y = norm(x)
//                x += output(attend(rotate(q), rotate(k), v)) + bias + down(gelu(up(y) + bias)) + bias,
//                q, k, v = qkv(y) + bias
//   logits = head(norm(x)) + bias
//
// The norms are around the mean and have biases. Rotary pairs are halves, and a part of a head turns.

import TensorCore

enum Phi2: Architecture {
  static let names = ["phi2"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.halves)
    var heads = weights.hyperparameters.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(
          weights, index, norm: "attn_norm.weight", activation: .geluTanh),
        isParallel: true)
    }
  }
}
