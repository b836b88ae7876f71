// Falcon-H1 (TII 2025): attention and a state space side by side in each layer.
//
//   x = embedding[token]
//   each layer:  x += output(space(silu(convolve(y)), t) × silu(z)) + output(attend(rotate(q), rotate(k), v)),
//                z, y, t = inputs(norm(x)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),  y = norm(x)
//   logits = head(norm(x))
//
// Rotary pairs are halves. Both read one norm. The family's multipliers are in the weights of its files, which
// may have norms behind the state spaces. Files call the norm before feed-forward `ffn_norm` and no more.

import TensorCore

enum FalconH1: Architecture {
  static let names = ["falcon-h1"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let rotary = try weights.rotary(.halves)
    var heads = weights.hyperparameters.heads()
    heads.rotary = rotary
    return try weights.decoder(rotaries: [rotary]) { index in
      let name = "blk.\(index)."
      let space = try StateSpaceLayer(
        weights, index, hasGroupNorm: weights.has(name + "ssm_norm.weight"))
      let attention = try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)
      let norm = weights.has(name + "ffn_norm") ? "ffn_norm" : "ffn_norm.weight"
      return DecoderLayer(
        [.stateSpace(space), .attention(attention)],
        others: [try FeedForwardLayer(weights, index, norm: norm, activation: .silu)],
        isParallel: true)
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let h = hyperparameters
    let space = try StateSpaceLayer.memory(h)
    let attention = memories(h, windows: Array(repeating: nil, count: h.blockCount))
    return attention.flatMap { [space, $0] }
  }
}
