// StarCoder 2 (BigCode 2024), CodeShell (Xie et al. 2024) and Nemotron 3 and 4 (NVIDIA 2024).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)) + bias,  q, k, v = qkv(norm(x)) + bias
//                x += down(activation(up(norm(x)) + bias)) + bias
//   logits = head(norm(x))
//
// The norms are around the mean and have biases; other biases are optional. The activation is GELU, and in
// Nemotron max(x, 0)². Rotary pairs are halves, and may be a part of a head.

import TensorCore

enum StarCoder2: Architecture {
  static let names = ["starcoder2", "codeshell", "nemotron"]
  static let namesOfInvertedTies = ["codeshell"]
  static let normIsCentred: Bool? = true

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    var heads = h.heads()
    heads.rotary = rotary
    let activation: PlainActivation = h.architecture == "nemotron" ? .squaredReLU : .geluTanh
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(weights, index, activation: activation))
    }
  }
}
