// GPT-NeoX and Pythia (EleutherAI 2022, 2023).
//
//   x = embedding[token]
//   each layer:  x += output(attend(rotate(q), rotate(k), v)) + bias + down(gelu(up(y) + bias)) + bias,
//                q, k, v = qkv(norm(x)) + bias,  y = norm(x)
//   logits = head(norm(x))
//
// The norms are around the mean and have biases. In some models the second block reads what the first has
// added. Rotary pairs are halves, and a part of a head turns.

import TensorCore

enum GPTNeoX: Architecture {
  static let names = ["gptneox"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    var heads = h.heads()
    heads.rotary = rotary
    let isParallel = try h.bool("use_parallel_residual") ?? true
    return try weights.decoder(rotaries: [rotary]) { index in
      DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(weights, index, activation: .geluTanh),
        isParallel: isParallel)
    }
  }
}
