// OLMoE (Muennighoff et al. 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += Σ weight × down(silu(gate(y)) × up(y)) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// Queries and keys are normed over all heads together. The router's weights are those of softmax over all
// experts. Rotary pairs are halves.

import TensorCore

enum OLMoE: Architecture {
  static let names = ["olmoe"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads, together: true)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try ExpertsLayer(weights, index, normalises: false))
    }
  }
}
