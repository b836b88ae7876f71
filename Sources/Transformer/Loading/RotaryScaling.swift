// Which rotary embedding a file asks for.

import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Hyperparameters {
  /// 1 + rate × ln(factor of YaRN); 1 where the file does not scale by it.
  func yarnGrowth(rate: Float) throws -> Float {
    guard try string("rope.scaling.type") == "yarn", let factor = try float("rope.scaling.factor"),
      factor > 1
    else { return 1 }
    return 1 + rate * logf(factor)
  }

  /// What heads of a layer with a window turn by, where those have a base of their own: without scaling,
  /// and by 10,000 where the file does not say.
  func windowRotary(_ pairing: RotaryEmbedding.Pairing) throws -> RotaryEmbedding {
    RotaryEmbedding(
      pairing: pairing, dimensionCount: rotaryDimensionCount,
      base: try windowRotaryBase() ?? 10_000)
  }

  /// Refuses a file whose positions have the parts that pictures need.
  func refusePicturePositions() throws(ModelError) {
    let key = "rope.dimension_sections"
    guard metadata["\(architecture).\(key)"] == nil else {
      throw unsupported(key, "positions in pictures are not supported")
    }
  }

  /// The base of heads of a layer with a window; nil where the file names none.
  func windowRotaryBase() throws -> Float? {
    let key = "rope.freq_base_swa"
    guard let base = try float(key) else { return nil }
    guard base > 0 else { throw unsupported(key, "is \(base), expected a number above 0") }
    return base
  }
}

extension WeightLoader {
  /// The divisors of the rotary pairs' frequencies: the file's own for all contexts, or of two lists the
  /// one for the context that the model is loaded for (LongRoPE, Ding et al. 2024); nil for none.
  private func rotaryDivisors() throws -> Vector? {
    let h = hyperparameters
    let count = h.rotaryDimensionCount / 2
    let all = try optionalVector("rope_freqs.weight", count: count)
    let short = try optionalVector("rope_factors_short.weight", count: count)
    let long = try optionalVector("rope_factors_long.weight", count: count)
    let original = try h.int("rope.scaling.original_context_length") ?? h.contextLength
    return all ?? (contextLength > original ? long : short)
  }

  /// The file's base, grown by its `alpha` so that the longest wavelength grows by that factor and the
  /// shortest not at all (the NTK-aware scaling that Hunyuan names).
  private func rotaryBase() throws -> Float {
    let h = hyperparameters
    let alpha = try h.float("rope.scaling.alpha") ?? 0
    let count = Float(h.rotaryDimensionCount)
    guard alpha > 0, count > 2 else { return h.rotaryBase }
    return h.rotaryBase * powf(alpha, count / (count - 2))
  }

  /// The rotary embedding of the file's `rope.*` keys and its `rope_freqs` tensor.
  ///
  /// - Parameters:
  ///   - logMultiplier: YaRN's `yarn_log_multiplier` where it is not the file's.
  ///   - attentionFactorIsWhole: whether a `rope.scaling.attn_factor` stands for YaRN's own factor
  ///     too, and not beside it.
  func rotary(
    _ pairing: RotaryEmbedding.Pairing, logMultiplier: Float? = nil,
    attentionFactorIsWhole: Bool = false
  ) throws -> RotaryEmbedding {
    let h = hyperparameters
    let attentionFactor = try h.float("rope.scaling.attn_factor")
    let divisors = try rotaryDivisors()
    let named = try h.float("rope.scaling.factor") ?? h.float("rope.scale_linear") ?? 0
    guard named >= 0 else {
      throw h.unsupported("rope.scaling.factor", "is \(named), expected a number from 0 on")
    }
    // Some converters write 0 where nothing is scaled.
    let factor = named == 0 ? 1 : named
    var yarn: RotaryEmbedding.YaRN?
    var linear: Float = 1
    switch try h.string("rope.scaling.type") ?? (factor == 1 ? "none" : "linear") {
    case "none", "": break
    case "linear", "longrope": linear = factor
    case "yarn":
      let original = try h.int("rope.scaling.original_context_length") ?? h.contextLength
      guard original >= 1, factor >= 1 else {
        throw h.unsupported(
          "rope.scaling", "YaRN needs a factor from 1 on and an original context length")
      }
      var scaling = RotaryEmbedding.YaRN(factor: factor, originalContextLength: original)
      scaling.betaFast = try h.float("rope.scaling.yarn_beta_fast") ?? 32
      scaling.betaSlow = try h.float("rope.scaling.yarn_beta_slow") ?? 1
      scaling.logMultiplier = max(
        0, try logMultiplier ?? h.float("rope.scaling.yarn_log_multiplier") ?? 0)
      if attentionFactorIsWhole, attentionFactor != nil { scaling.logMultiplier = 1 }
      yarn = scaling
    case let type:
      throw h.unsupported(
        "rope.scaling.type",
        "\(GGUFError.quoted(type)) is unknown; known: none, linear, longrope, yarn")
    }
    return RotaryEmbedding(
      pairing: pairing, dimensionCount: h.rotaryDimensionCount, base: try rotaryBase(),
      linearFactor: linear, yarn: yarn, divisors: divisors,
      attentionFactor: attentionFactor ?? 1)
  }
}
