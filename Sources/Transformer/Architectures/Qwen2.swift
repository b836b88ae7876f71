// Qwen 2 and 2.5 (Qwen Team 2024), EXAONE 3 (LG AI Research 2024) and Seed-OSS (ByteDance 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)) + bias
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves. Biases are optional. Seed-OSS names its second norm by what stands before it.
// The head may be the embedding table (tied).

import TensorCore

struct Qwen2: Architecture {
  static let names = ["qwen2", "exaone", "seed_oss"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    rotaries = [rotary]
    var heads = h.heads()
    heads.rotary = rotary
    let norm =
      h.architecture == "seed_oss" ? "post_attention_norm.weight" : "ffn_norm.weight"
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, norm: norm, activation: .silu))
    }
    head = try OutputHead(weights)
    try weights.finish()
    embedding = TokenEmbedding(table!)
  }
}
