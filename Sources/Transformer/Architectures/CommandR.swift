// Command R and Aya (Cohere 2024).
//
//   x = embedding[token]
//   each layer:  y = norm(x)
//                x += output(attend(rotate(q), rotate(k), v)) + down(silu(gate(y)) × up(y)),
//                q, k, v = qkv(y)
//   logits = head(norm(x)) × scale, the head tied to the embedding
//
// The norms are around the mean; the largest model norms queries and keys before they turn, with weights
// for each head. Rotary pairs are adjacent.

import TensorCore

enum CommandR: Architecture {
  static let names = ["command-r"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    return try weights.decoder(rotaries: [rotary], logitScale: try h.float("logit_scale") ?? 1) {
      index in
      var heads = h.heads()
      heads.rotary = rotary
      if weights.has("blk.\(index).attn_q_norm.weight") {
        try weights.readNormsOfEachHead(of: index, into: &heads)
      }
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, norm: "attn_norm.weight", activation: .silu),
        isParallel: true)
    }
  }
}
