// Mamba-2 (Dao and Gu 2024): a state space model with one decay for a head, without attention.
//
//   x = embedding[token]
//   each layer:  x += output(norm(space(silu(convolve(y)), t) × silu(z))),  z, y, t = inputs(norm(x))
//   logits = head(norm(x))
//
// What is convolved holds the heads' values and, for each group of heads, what they write by and what they read
// by; the norm behind is of a group. The head may be the embedding table (tied).

import TensorCore

enum Mamba2: Architecture {
  static let names = ["mamba2"]
  static let layerKinds = LayerKinds.recurrent

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    try weights.decoder(rotaries: []) { index in
      DecoderLayer(.stateSpace(try StateSpaceLayer(weights, index)))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    try memories(hyperparameters) { try StateSpaceLayer.memory($0) }
  }
}
