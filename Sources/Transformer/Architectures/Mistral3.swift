// Ministral 3 and the models that share its shape (Mistral AI 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(t × rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                  y = norm(x)
//   logits = head(norm(x))
//
// t grows with the position. Rotary pairs are adjacent. The head may be the embedding table (tied).

import TensorCore

enum Mistral3: Architecture {
  static let names = ["mistral3"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    var heads = h.heads(scale: try h.attentionScale())
    heads.rotary = rotary
    heads.temperature = try h.attentionTemperature(spanKey: "rope.scaling.original_context_length")
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
