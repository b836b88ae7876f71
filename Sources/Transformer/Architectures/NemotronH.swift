// Nemotron-H, Nemotron Nano 2 and Nemotron 3 (NVIDIA 2025): layers of one block each.
//
//   x = embedding[token]
//   each layer:  x += output(norm(space(silu(convolve(y)), t) × silu(z))),  z, y, t = inputs(norm(x)),  or
//                x += output(attend(q, k, v)),  q, k, v = qkv(norm(x)),  or
//                x += down(max(up(y), 0)²),  or
//                x += shared(y) + Σ weight × expert(y) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// A layer with a feed-forward length is the last, one with key-value heads the second. Nothing
// turns. Experts are two products with the same function between them, and so is the one that all
// rows share; the router's weights are sigmoids. In Nemotron 3 Super experts read a shorter vector.

import TensorCore

enum NemotronH: Architecture {
  static let names = ["nemotron_h", "nemotron_h_moe"]
  static let layerKinds = LayerKinds.single
  static let normIsCentred: Bool? = false

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    return try weights.decoder(rotaries: []) { index in
      guard h.feedForwardLengths[index] == 0 else {
        return DecoderLayer([], try feedForward(weights, index))
      }
      return DecoderLayer(
        h.attends(index)
          ? .attention(try AttentionLayer(weights, index, heads: h.heads(), rotaryIndex: 0))
          : .stateSpace(try StateSpaceLayer(weights, index)))
    }
  }

  private static func feedForward(
    _ weights: WeightLoader, _ index: Int
  ) throws -> any FeedForward {
    let h = weights.hyperparameters
    let (norm, inner) = ("attn_norm.weight", h.feedForwardLengths[index])
    guard try h.hasExperts(at: index) else {
      return try PlainFeedForwardLayer(
        weights, index, norm: norm, activation: .squaredReLU, inner: inner)
    }
    // Some files name what a row's experts have together.
    let used = try h.requiredInt("expert_used_count", in: 1...1 << 12)
    return try ExpertsLayer(
      weights, index, norm: norm, plain: .squaredReLU, gate: .sigmoid,
      inner: h.int("expert_feed_forward_length", in: 1...1 << 20) ?? max(1, inner / used),
      isShared: true)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let all = try memories(hyperparameters) { try StateSpaceLayer.memory($0) }
    return zip(all, hyperparameters.feedForwardLengths).filter { $0.1 == 0 }.map(\.0)
  }
}
