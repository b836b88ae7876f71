// Jamba (AI21 2024): selective state spaces, and attention in some layers.
//
//   x = embedding[token]
//   each layer:  x += output(scan(silu(convolve(y)), z)),  y, z = inputs(norm(x)),  or
//                x += output(attend(q, k, v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),  y = norm(x),  or experts
//   logits = head(norm(x))
//
// A layer without key-value heads is a scan, whose parameters are normed. Nothing turns. Layers with a router
// have experts, whose weights are the router's as they are. The head may be the embedding table (tied).

import TensorCore

enum Jamba: Architecture {
  static let names = ["jamba"]
  static let layerKinds = LayerKinds.mixed

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    return try weights.decoder(rotaries: []) { index in
      let feedForward: any FeedForward =
        weights.has("blk.\(index).ffn_gate_inp.weight")
        ? try ExpertsLayer(weights, index, normalises: false)
        : try FeedForwardLayer(weights, index, activation: .silu)
      return DecoderLayer(
        h.attends(index)
          ? .attention(try AttentionLayer(weights, index, heads: h.heads(), rotaryIndex: 0))
          : .scan(try SelectiveScanLayer(weights, index, hasNorms: true)), feedForward)
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    try memories(hyperparameters) { try SelectiveScanLayer.memory($0) }
  }
}
