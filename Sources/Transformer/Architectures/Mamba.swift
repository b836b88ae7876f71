// Mamba (Gu and Dao 2023): a state space model without attention.
//
//   x = embedding[token]
//   each layer:  x += output(scan(silu(convolve(y)), z)),  y, z = inputs(norm(x))
//   logits = head(norm(x))
//
// A sequence's state has one size however long it grows: the inputs of the last positions, for the
// convolution, and a small matrix for each layer. GGUF files store the decay as -exp of the
// original's logarithm.

import TensorCore

enum Mamba: Architecture {
  static let names = ["mamba"]
  static let layerKinds = LayerKinds.recurrent

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    if try h.bool("ssm.dt_b_c_rms") == true {
      throw h.unsupported("ssm.dt_b_c_rms", "norms of the scan's parameters are not supported")
    }
    return try weights.decoder(rotaries: []) { index in
      DecoderLayer(.scan(try SelectiveScanLayer(weights, index)))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    Array(
      repeating: try SelectiveScanLayer.memory(hyperparameters), count: hyperparameters.blockCount)
  }
}
