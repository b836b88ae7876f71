// OLMoE (Muennighoff et al. 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += Σ weight × down(silu(gate(y)) × up(y)) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// Queries and keys are normed over all heads together. The router's weights are those of softmax over all
// experts. Rotary pairs are halves.

import TensorCore

struct OLMoE: Architecture {
  static let names = ["olmoe"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    rotaries = [rotary]
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads, together: true)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try ExpertsLayer(weights, index, normalises: false))
    }
    head = try OutputHead(weights)
    try weights.finish()
    embedding = TokenEmbedding(table!)
  }
}
