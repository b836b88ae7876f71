// Qwen 3 (Qwen Team 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                          y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves. Queries and keys are normed head by head. The head may be the embedding
// table (tied). Where the file has experts, the router's weights of those that a row goes to add up to 1.

import TensorCore

struct Qwen3: Architecture {
  static let names = ["qwen3", "qwen3moe"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    rotaries = [rotary]
    let hasExperts = try h.hasExperts()
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      let mixer = Mixer.attention(
        try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0))
      return hasExperts
        ? DecoderLayer(mixer, try ExpertsLayer(weights, index, normalises: true))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
    head = try OutputHead(weights)
    try weights.finish()
    embedding = TokenEmbedding(table!)
  }
}
