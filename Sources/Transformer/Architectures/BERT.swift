// BERT (Devlin et al. 2018), Nomic Embed (Nussbaum et al. 2024) and Jina
// Embeddings 2 (Günther et al. 2023).
//
//   x = norm(embedding[token] + type + position[place])
//   each layer:  x = norm(x + output(attend(q, k, v)) + bias),  q, k, v = qkv(x) + bias
//                x = norm(x + down(gelu(up(x) + bias)) + bias)
//   states = x
//
// All tokens see one another. The norms are around the mean and have biases. Nomic has no learned
// positions and turns queries and keys, pairs being halves; its block is down(silu(gate(x)) × up(x)).
// Jina has none either and takes from a head's logits what grows with distance (ALiBi, Press et al.
// 2022); its block is down(gelu(gate(x)) × up(x)), and a file may hold gate and up in one tensor, or no
// gate.

import TensorCore

enum BERT: Architecture {
  static let names = ["bert", "nomic-bert", "jina-bert-v2"]
  static let layerKinds = LayerKinds.encoder

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let isOriginal = h.architecture == "bert"
    var heads = h.heads()
    if h.architecture == "nomic-bert" { heads.rotary = try weights.rotary(.halves) }
    if h.architecture == "jina-bert-v2" { heads.slopes = try h.distanceSlopes() }
    return try weights.encoder(
      rotaries: heads.rotary.map { [$0] } ?? [],
      sum: try EmbeddingSum(weights, hasPositions: isOriginal)
    ) { index in
      let name = "blk.\(index).ffn_"
      let hasGate = weights.has(name + "gate.weight")
      let isPlain =
        isOriginal || !hasGate && weights.rowCount(name + "up.weight") == h.feedForwardLength
      let feedForward: any FeedForward =
        isPlain
        ? try PlainFeedForwardLayer(weights, index, activation: .gelu, norms: .outside)
        : try FeedForwardLayer(
          weights, index, activation: heads.rotary == nil ? .gelu : .silu, norms: .outside,
          isFused: !hasGate)
      return DecoderLayer(
        .attention(
          try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, norms: .outside)),
        others: [
          try ResidualNorm(weights, "blk.\(index).attn_output_norm.weight"), feedForward,
          try ResidualNorm(weights, "blk.\(index).layer_output_norm.weight"),
        ])
    }
  }
}
