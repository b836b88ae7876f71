// Gemma (Gemma Team 2024).
//
//   x = embedding[token] × √width
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(gelu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding
//
// Rotary pairs are halves. GGUF files store norm weights with the family's +1 already added.

import TensorCore

enum Gemma: Architecture {
  static let names = ["gemma"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    var heads = h.heads()
    heads.rotary = rotary
    return try weights.decoder(
      rotaries: [rotary], embeddingScale: Float(h.embeddingLength).squareRoot()
    ) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .geluTanh))
    }
  }
}
