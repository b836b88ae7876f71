// Gemma (Gemma Team 2024).
//
//   x = embedding[token] × √width
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(gelu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding
//
// Rotary pairs are halves. GGUF files store norm weights with the family's +1 already added.

import TensorCore

struct Gemma: Architecture {
  static let names = ["gemma"]

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
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(weights, index, activation: .geluTanh))
    }
    head = try OutputHead(weights)
    try weights.finish()
    embedding = TokenEmbedding(table!, scale: Float(h.embeddingLength).squareRoot())
  }
}
