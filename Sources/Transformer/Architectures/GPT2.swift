// GPT-2 (Radford et al. 2019), StarCoder (Li et al. 2023), BLOOM (BigScience 2022) and MPT (MosaicML 2023).
//
//   x = embedding[token] + position[place]
//   each layer:  x += output(attend(q, k, v)) + bias,  q, k, v = clamp(qkv(norm(x)) + bias)
//                x += down(gelu(up(y) + bias)) + bias,  y = norm(x)
//   logits = head(norm(x)), the head often tied to the embedding
//
// The norms are around the mean; MPT's have no biases. Nothing turns: GPT-2 and StarCoder have learned a
// vector for each position, BLOOM and most of MPT take from a head's logits what grows with distance. BLOOM
// norms embeddings. Some of MPT clamp, or norm queries and keys over all heads together.

import TensorCore

enum GPT2: Architecture {
  static let names = ["gpt2", "starcoder", "bloom", "mpt"]

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let slope: Float? =
      switch h.architecture {
      case "bloom": 8
      case "mpt": try h.float("attention.max_alibi_bias")
      default: nil
      }
    let sum = try EmbeddingSum(
      weights, hasPositions: h.architecture != "bloom" && (slope == nil || h.hasLearnedPositions),
      hasNorm: h.architecture == "bloom")
    return try weights.decoder(rotaries: [], sum: sum) { index in
      var heads = h.heads()
      if let slope, slope > 0 { heads.slopes = try h.distanceSlopes(steepest: slope) }
      if weights.has("blk.\(index).attn_q_norm.weight") {
        try weights.readHeadNorms(of: index, into: &heads, together: true)
      }
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try PlainFeedForwardLayer(weights, index, activation: .geluTanh))
    }
  }
}
