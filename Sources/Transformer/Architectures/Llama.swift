// Llama and the models that share its shape (Touvron et al. 2023): SmolLM, Mistral,
// TinyLlama, InternLM 2, ERNIE 4.5, ...
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),              y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are adjacent, since GGUF files store q and k permuted for that. The head may be the
// embedding table (tied). Biases are optional. Where the file has experts (Mixtral, Jiang et al. 2024), the
// router's weights of those that a row goes to add up to 1.

import TensorCore

struct Llama: Architecture {
  static let names = ["llama", "internlm2", "ernie4_5"]

  let embedding: TokenEmbedding
  let blocks: DecoderBlocks
  let head: OutputHead
  let rotaries: [RotaryEmbedding]

  init(_ weights: WeightLoader) throws {
    let h = weights.hyperparameters
    let hasExperts = try h.hasExperts()
    let rotary = try weights.rotary(.adjacent)
    rotaries = [rotary]
    var heads = h.heads(scale: try h.float("attention.scale"))
    heads.rotary = rotary
    let table = try weights.embeddings()
    blocks = try DecoderBlocks(count: h.blockCount) { index in
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
