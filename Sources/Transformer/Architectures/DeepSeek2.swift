// DeepSeek V2, V3 and R1 (DeepSeek 2024, 2025), Kimi K2 (Moonshot 2025), GLM-4.7-Flash and others.
//
//   x = embedding[token]
//   each layer:  x += output(attend(q, k, v)), q, k, v from short vectors of norm(x)
//                x += shared(y) + Σ weight × expert(y) over its experts,  y = norm(x)
//   logits = head(norm(x))
//
// A part of each head turns, in adjacent pairs; all heads share that part of a key. Files that hold keys' and
// values' products apart keep short vectors in the cache. The first layers have one feed-forward block in
// place of experts. What YaRN grows by stands on scores: where the file names a rate, on them alone.

import TensorCore

enum DeepSeek2: Architecture {
  static let names = ["deepseek2"]

  /// The vocabulary of models whose router takes sigmoids and whose files do not say it (GLM-4.7-Flash).
  private static let sigmoidVocabulary = 154_880

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(
      .adjacent, logMultiplier: try Self.growthRate(h) == nil ? 0 : 1)
    let sizes = try Self.sizes(h)
    var heads = sizes.heads(scale: try Self.scale(h, sizes))
    heads.rotary = rotary
    heads.temperature = try h.attentionTemperature(spanKey: "attention.temperature_length")
    let gate: ExpertRouting.Gate =
      h.vocabularyCount == sigmoidVocabulary ? .sigmoid : .softmax
    return try weights.decoder(rotaries: [rotary]) { index in
      let mixer = Mixer.latent(
        try LatentAttentionLayer(weights, index, sizes, heads: heads, rotaryIndex: 0))
      return try h.hasExperts(at: index)
        ? DecoderLayer(mixer, try ExpertsLayer(weights, index, gate: gate, isShared: true))
        : DecoderLayer(mixer, try FeedForwardLayer(weights, index, activation: .silu))
    }
  }

  /// By how much scores grow with the logarithm of YaRN's factor; nil where the file does not say it.
  private static func growthRate(_ h: Hyperparameters) throws -> Float? {
    let rate = try h.float("rope.scaling.yarn_log_multiplier") ?? 0
    return rate == 0 ? nil : rate
  }

  /// The factor on scores.
  private static func scale(_ h: Hyperparameters, _ sizes: LatentAttentionSizes) throws -> Float {
    let growth = try h.yarnGrowth(rate: growthRate(h) ?? 0.1)
    return growth * growth / Float(sizes.plain + sizes.turned).squareRoot()
  }

  private static func sizes(_ h: Hyperparameters) throws -> LatentAttentionSizes {
    let rank = try h.requiredInt("attention.kv_lora_rank", in: 1...1 << 14)
    let turned = h.rotaryDimensionCount
    let keyLength = try h.int("attention.key_length_mla", in: 1...1 << 14)
    let valueLength = try h.int("attention.value_length_mla", in: 1...1 << 14)
    let isLatent = keyLength != nil || valueLength != nil
    let length = keyLength ?? h.keyLength
    guard length > turned else {
      throw h.unsupported(
        "attention.key_length\(isLatent ? "_mla" : "")",
        "is \(length), expected more than the \(turned) of rope.dimension_count")
    }
    let sizes = LatentAttentionSizes(
      headCount: h.headCount, rank: rank,
      queryRank: try h.int("attention.q_lora_rank", in: 0...1 << 14) ?? 0, turned: turned,
      plain: length - turned, valueLength: valueLength ?? h.valueLength, keepsLatents: isLatent)
    // Products of heads stand side by side, and are written in whole vectors.
    if isLatent {
      for (key, value) in [("kv_lora_rank", rank), ("value_length_mla", sizes.valueLength)]
      where value % 16 != 0 {
        throw h.unsupported("attention.\(key)", "is \(value), expected a multiple of 16")
      }
    }
    return sizes
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    Array(repeating: try sizes(hyperparameters).memory, count: hyperparameters.blockCount)
  }
}
