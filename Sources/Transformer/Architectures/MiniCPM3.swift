// MiniCPM3 (OpenBMB 2024): latent attention with factors on what is added.
//
//   x = embedding[token] × 12
//   each layer:  x += r × output(attend(q, k, v)),  q, k, v from short vectors of norm(x)
//                x += r × down(silu(gate(y)) × up(y)),  y = norm(x)
//   logits = head(norm(x)) × 256 / width,  r = 1.4 / √layers
//
// A part of each head turns, in pairs that are halves; all heads share that part of a key. Files
// have two lists of divisors (LongRoPE): which one holds is chosen by the context that the model is
// loaded for.

import TensorCore

enum MiniCPM3: Architecture {
  static let names = ["minicpm3"]

  /// Factors that are the same in all models, and that no file names.
  private static let embeddingScale: Float = 12
  private static let depthScale: Float = 1.4
  private static let baseWidth: Float = 256

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let sizes = try Self.sizes(h)
    var heads = sizes.heads(scale: 1 / Float(h.keyLength).squareRoot())
    heads.rotary = rotary
    let residualScale = depthScale / Float(h.blockCount).squareRoot()
    return try weights.decoder(
      rotaries: [rotary], embeddingScale: embeddingScale,
      logitScale: baseWidth / Float(h.embeddingLength)
    ) { index in
      DecoderLayer(
        .latent(
          try LatentAttentionLayer(
            weights, index, sizes, heads: heads, rotaryIndex: 0, residualScale: residualScale)),
        try FeedForwardLayer(weights, index, activation: .silu, residualScale: residualScale))
    }
  }

  private static func sizes(_ h: Hyperparameters) throws -> LatentAttentionSizes {
    let turned = h.rotaryDimensionCount
    guard h.keyLength > turned else {
      throw h.unsupported(
        "attention.key_length",
        "is \(h.keyLength), expected more than the \(turned) of rope.dimension_count")
    }
    return LatentAttentionSizes(
      headCount: h.headCount, rank: try h.requiredInt("attention.kv_lora_rank", in: 1...1 << 14),
      queryRank: try h.requiredInt("attention.q_lora_rank", in: 1...1 << 14), turned: turned,
      plain: h.keyLength - turned, valueLength: h.valueLength, keepsLatents: false)
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    Array(repeating: try sizes(hyperparameters).memory, count: hyperparameters.blockCount)
  }
}
