// StableLM 3B and 2 1.6B (Stability AI 2023, 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)) + bias
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// The norms are around the mean and have biases. Rotary pairs are halves, and a part of a head turns.

import TensorCore

enum StableLM: Architecture {
  static let names = ["stablelm"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.halves)
    var heads = weights.hyperparameters.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
