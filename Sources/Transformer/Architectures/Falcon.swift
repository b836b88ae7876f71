// Falcon 7B and 40B (TII 2023).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)) + down(gelu(up(norm(x)))),
//                q, k, v = qkv(norm(x))
//   logits = head(norm(x))
//
// The norms are around the mean and have biases. Where a layer has two, the second is attention's. Rotary
// pairs are halves.

import TensorCore

enum Falcon: Architecture {
  static let names = ["falcon"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.halves)
    var heads = weights.hyperparameters.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      let hasTwo = weights.has("blk.\(index).attn_norm_2.weight")
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, norm: hasTwo ? "attn_norm_2.weight" : "attn_norm.weight",
            heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(
          weights, index, norm: "attn_norm.weight", activation: .geluTanh),
        isParallel: true)
    }
  }
}
