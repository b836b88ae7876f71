// Llama and the models that share its shape (Touvron et al. 2023): SmolLM, Mistral, TinyLlama, ...
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are adjacent, since GGUF files store q and k permuted for that. The head may be the
// embedding table (tied). Biases are optional.

import TensorCore

struct Llama: Architecture {
  static let names = ["llama"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    if let experts = try h.int("expert_count"), experts > 0 {
      throw h.unsupported(
        "expert_count", "mixtures of experts are not supported, choose a dense model")
    }
    let rotary = try weights.rotary(.adjacent)
    rotaries = [rotary]
    var heads = AttentionHeads(
      headCount: h.headCount, keyValueHeadCount: h.keyValueHeadCount, keyLength: h.keyLength,
      valueLength: h.valueLength,
      scale: try h.float("attention.scale") ?? 1 / Float(h.keyLength).squareRoot())
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
