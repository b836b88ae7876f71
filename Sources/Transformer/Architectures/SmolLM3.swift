// SmolLM3 (Hugging Face 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding
//
// Every fourth layer turns nothing. Rotary pairs are adjacent.

import TensorCore

enum SmolLM3: Architecture {
  static let names = ["smollm3"]

  /// Every so many layers one turns nothing.
  private static let period = 4

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    var heads = h.heads(scale: try h.attentionScale())
    return try weights.decoder(rotaries: [rotary]) { index in
      heads.rotary = (index + 1) % Self.period == 0 ? nil : rotary
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .silu))
    }
  }
}
