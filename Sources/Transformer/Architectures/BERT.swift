// BERT (Devlin et al. 2018), Nomic Embed (Nussbaum et al. 2024) and Jina
// Embeddings 2 (Günther et al. 2023).
//
//   x = norm(embedding[token] + type + position[place])
//   each layer:  x = norm(x + output(attend(q, k, v)) + bias),  q, k, v = qkv(x) + bias
//                x = norm(x + down(gelu(up(x) + bias)) + bias)
//   states = x
//
// All tokens see one another. The norms are around the mean and have biases. Nomic has no learned
// positions and turns queries and keys, pairs being halves; its block is down(silu(gate(x)) ×
// up(x)). Nomic Embed 2 (Nussbaum and Duderstadt 2025) has BERT's, and experts of two such products
// in every other layer. Jina has none either and takes from a head's logits what grows with
// distance (ALiBi, Press et al. 2022); its block is down(gelu(gate(x)) × up(x)), and a file may
// hold gate and up in one tensor, or no gate.

import TensorCore

enum BERT: Architecture {
  static let names = ["bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2"]
  static let layerKinds = LayerKinds.encoder

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let isOriginal = h.architecture == "bert"
    let isPlainFamily = isOriginal || h.architecture == "nomic-bert-moe"
    var heads = h.heads()
    if h.architecture.hasPrefix("nomic-bert") { heads.rotary = try weights.rotary(.halves) }
    if h.architecture == "jina-bert-v2" { heads.slopes = try h.distanceSlopes() }
    return try weights.encoder(
      rotaries: heads.rotary.map { [$0] } ?? [],
      sum: try EmbeddingSum(weights, hasPositions: isOriginal)
    ) { index in
      let name = "blk.\(index).ffn_"
      let hasGate = weights.has(name + "gate.weight")
      let isPlain =
        isPlainFamily || !hasGate && weights.rowCount(name + "up.weight") == h.feedForwardLength
      let feedForward: any FeedForward =
        if try Self.hasExperts(h, at: index) {
          try ExpertsLayer(
            weights, index, norms: .outside, plain: .gelu, normalises: false,
            inner: h.feedForwardLength)
        } else if isPlain {
          try PlainFeedForwardLayer(weights, index, activation: .gelu, norms: .outside)
        } else {
          try FeedForwardLayer(
            weights, index, activation: heads.rotary == nil ? .gelu : .silu, norms: .outside,
            isFused: !hasGate)
        }
      return DecoderLayer(
        .attention(
          try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0, norms: .outside)),
        others: [
          try ResidualNorm(weights, "blk.\(index).attn_output_norm.weight"), feedForward,
          try ResidualNorm(weights, "blk.\(index).layer_output_norm.weight"),
        ])
    }
  }

  /// Whether the rows of a layer go to experts: the second of so many, where the file says how
  /// many.
  private static func hasExperts(_ h: Hyperparameters, at layer: Int) throws -> Bool {
    let step = try h.int("moe_every_n_layers", in: 0...1 << 10) ?? 0
    return step > 0 && layer % step == 1
  }
}
