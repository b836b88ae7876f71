// Qwen 2 and 2.5 (Qwen Team 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x)) + bias
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves. The head may be the embedding table (tied).

import TensorCore

struct Qwen2: Architecture {
  static let names = ["qwen2"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    rotaries = [rotary]
    var heads = AttentionHeads(
      headCount: h.headCount, keyValueHeadCount: h.keyValueHeadCount, keyLength: h.keyLength,
      valueLength: h.valueLength, scale: 1 / Float(h.keyLength).squareRoot())
    heads.rotary = rotary
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .silu))
    }
    head = try OutputHead(weights)
    try weights.finish()
    embedding = TokenEmbedding(table!)
  }
}
