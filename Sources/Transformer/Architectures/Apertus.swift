// Apertus (Swiss AI 2025).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(xIELU(up(norm(x))))
//   logits = head(norm(x))
//
// Each layer has parameters of xIELU of its own, in the file's metadata. Rotary pairs are halves.

import TensorCore

enum Apertus: Architecture {
  static let names = ["apertus"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    func parameters(_ name: String) throws -> [Float] {
      try weights.metadata.requiredFloats("xielu.\(name)", count: h.blockCount)
    }
    let (positives, negatives) = (try parameters("alpha_p"), try parameters("alpha_n"))
    let (slopes, bounds) = (try parameters("beta"), try parameters("eps"))
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(
          weights, index,
          activation: .xIELU(
            positive: softplus(positives[index]),
            negative: slopes[index] + softplus(negatives[index]), slope: slopes[index],
            bound: bounds[index])))
    }
  }
}
