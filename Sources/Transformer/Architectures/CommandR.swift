// Command R and Aya (Cohere 2024).
//
//   x = embedding[token]
//   each layer:  y = norm(x)
//                x += output(attend(rotate(q), rotate(k), v)) + down(silu(gate(y)) × up(y)),
//                q, k, v = qkv(y)
//   logits = head(norm(x)) × scale, the head tied to the embedding
//
// The norms are around the mean. Rotary pairs are adjacent.

import TensorCore

struct CommandR: Architecture {
  static let names = ["command-r"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.adjacent)
    rotaries = [rotary]
    var heads = h.heads()
    heads.rotary = rotary
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, norm: "attn_norm.weight", activation: .silu),
        isParallel: true)
    }
    head = try OutputHead(weights, scale: try h.float("logit_scale") ?? 1)
    try weights.finish()
    embedding = TokenEmbedding(table!)
  }
}
