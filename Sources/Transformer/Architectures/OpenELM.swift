// OpenELM (Apple 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(norm(q)), rotate(norm(k)), v)),  q, k, v = qkv(norm(x))
//                x += down(silu(gate(y)) × up(y)),                          y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding
//
// Later layers have more heads, and longer feed-forward blocks. Query, key and value are one tensor. Rotary pairs are
// halves.

import TensorCore

enum OpenELM: Architecture {
  static let names = ["openelm"]
  static let layerKinds = LayerKinds.varied

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.headCount = h.headCounts[index]
      heads.keyValueHeadCount = h.keyValueHeadCounts[index]
      heads.rotary = rotary
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try FeedForwardLayer(
          weights, index, activation: .silu, inner: h.feedForwardLengths[index]))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    let h = hyperparameters
    return h.keyValueHeadCounts.map {
      LayerMemoryShape(headCount: $0, keyLength: h.keyLength, valueLength: h.valueLength)
    }
  }
}
