// ChatGLM 3 and 4 (Zeng et al. 2024) and GLM-4-0414 (Zhipu AI 2025).
//
//   x = embedding[token]
//   each layer:  x += norm(output(attend(rotate(q), rotate(k), v))),  q, k, v = qkv(norm(x)) + bias
//                x += norm(down(silu(gate(y)) × up(y))),              y = norm(x)
//   logits = head(norm(x))
//
// The older ones have no norms behind the blocks. Gate and up are one tensor. Rotary pairs are adjacent,
// and half of a head turns.

import TensorCore

enum GLM4: Architecture {
  static let names = ["glm4", "chatglm"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    try h.refusePicturePositions()
    let rotary = try weights.rotary(.adjacent)
    var heads = h.heads()
    heads.rotary = rotary
    let norms = h.architecture == "chatglm" ? BlockNorms.before : .beforeAndAfter
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(
          try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, norms: norms)),
        try FeedForwardLayer(weights, index, activation: .silu, norms: norms, isFused: true))
    }
  }
}
