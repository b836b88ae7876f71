// StableLM 3B, 2 1.6B and 2 12B (Stability AI 2023, 2024) and Orion 14B (OrionStar 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)) + bias
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// The norms are around the mean and have biases. Rotary pairs are halves, and may be a part of a
// head. The largest StableLM norms queries and keys, with weights for each head, and its second block
// reads what the first does.

import TensorCore

enum StableLM: Architecture {
  static let names = ["stablelm", "orion"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.halves)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = weights.hyperparameters.heads()
      heads.rotary = rotary
      if weights.has("blk.\(index).attn_q_norm.weight") {
        try weights.readNormsOfEachHead(of: index, into: &heads)
      }
      let isParallel = !weights.has("blk.\(index).ffn_norm.weight")
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(
          weights, index, norm: isParallel ? "attn_norm.weight" : "ffn_norm.weight",
          activation: .silu),
        isParallel: isParallel)
    }
  }
}
