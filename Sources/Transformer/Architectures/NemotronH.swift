// Nemotron-H and Nemotron Nano 2 (NVIDIA 2025): layers of one block each.
//
//   x = embedding[token]
//   each layer:  x += output(norm(space(silu(convolve(y)), t) × silu(z))),  z, y, t = inputs(norm(x)),  or
//                x += output(attend(q, k, v)),  q, k, v = qkv(norm(x)),  or
//                x += down(max(up(norm(x)), 0)²)
//   logits = head(norm(x))
//
// A layer with a feed-forward length is the last, one with key-value heads the second. Nothing turns.

import TensorCore

enum NemotronH: Architecture {
  static let names = ["nemotron_h"]
  static let layerKinds = LayerKinds.single

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    return try weights.decoder(rotaries: []) { index in
      guard h.feedForwardLengths[index] == 0 else {
        return DecoderLayer(
          [],
          try PlainFeedForwardLayer(
            weights, index, norm: "attn_norm.weight", activation: .squaredReLU,
            inner: h.feedForwardLengths[index]))
      }
      return DecoderLayer(
        h.attends(index)
          ? .attention(try AttentionLayer(weights, index, heads: h.heads(), rotaryIndex: 0))
          : .stateSpace(try StateSpaceLayer(weights, index)))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let all = try memories(hyperparameters) { try StateSpaceLayer.memory($0) }
    return zip(all, hyperparameters.feedForwardLengths).filter { $0.1 == 0 }.map(\.0)
  }
}
