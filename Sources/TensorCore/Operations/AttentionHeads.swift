// What the heads of an attention layer do, and what they see.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The heads of an attention layer.
package struct AttentionHeads: Sendable {
  /// Query heads, a multiple of `keyValueHeadCount`.
  package var headCount: Int
  /// Heads of keys and values, at least 1.
  package var keyValueHeadCount: Int
  /// Values of a head's query and key.
  package var keyLength: Int
  /// Values of a head's value.
  package var valueLength: Int
  /// Factor on query · key.
  package var scale: Float
  /// Whether a row sees nothing of what follows it.
  package var isCausal = true
  /// Positions that a row sees, itself included; nil for all. Where it sees what follows, half of
  /// them lie on either side, and itself between.
  package var window: Int?
  /// Whether the window does not follow a row: all positions are cut into chunks of its size, and a
  /// row sees those of its own (Llama 4).
  package var windowIsChunk = false
  /// Logits become `cap × tanh(logit / cap)`; 0 for none.
  package var softCap: Float = 0
  /// What queries and keys turn by; nil for nothing.
  package var rotary: RotaryEmbedding?
  /// The norm of queries; nil for none.
  package var queryNorm: HeadNorm?
  /// The norm of keys; nil for none.
  package var keyNorm: HeadNorm?
  /// A norm of each head's value `[valueLength]`.
  package var valueNorm: Norm?
  /// Whether heads are turned before they are normed (Hunyuan, Tencent 2025).
  package var turnsBeforeNorm = false
  /// A logit of each query head that takes its share of softmax and gives no value, `[headCount]`.
  package var sinks: Vector?
  /// A factor on queries that grows with their position; nil for none.
  package var temperature: AttentionTemperature?
  /// What is taken from a head's logits for each position of distance, `[headCount]` (ALiBi, Press
  /// et al. 2022).
  package var slopes: Vector?

  package init(
    headCount: Int, keyValueHeadCount: Int, keyLength: Int, valueLength: Int, scale: Float
  ) {
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.keyLength = keyLength
    self.valueLength = valueLength
    self.scale = scale
  }

  /// Query heads that share a key-value head.
  var groupCount: Int { headCount / keyValueHeadCount }

  /// What a row at `position` sees of a sequence that has `end` positions.
  func visible(from position: Int, end: Int) -> ClosedRange<Int> {
    guard let window else { return 0...(isCausal ? position : end - 1) }
    guard !windowIsChunk else { return position / window * window...position }
    guard !isCausal else { return max(0, position - window + 1)...position }
    return max(0, position - window / 2)...min(end - 1, position + window / 2)
  }
}

/// A norm of queries or keys: of each head, with the same weights `[keyLength]` or with weights of its own
/// `[heads, keyLength]`, or of all heads together `[heads × keyLength]`.
package struct HeadNorm: Sendable {
  /// With weights `[keyLength]`, `[heads, keyLength]` or `[heads × keyLength]`.
  package let norm: Norm
  /// Whether it is of all heads together.
  package let isTogether: Bool

  package init(_ norm: Norm, isTogether: Bool = false) {
    self.norm = norm
    self.isTogether = isTogether
  }
}

/// A factor on queries that grows with their position (Nakanishi 2025; Llama 4):
/// 1 + scale × ln(1 + ⌊(position + offset) / span⌋).
package struct AttentionTemperature: Sendable {
  /// By how much it grows with the logarithm.
  package let scale: Float
  /// Positions to each step, above 0.
  package let span: Int
  /// What the first position counts as.
  package let offset: Int

  package init(scale: Float, span: Int, offset: Int = 0) {
    self.scale = scale
    self.span = span
    self.offset = offset
  }

  func factor(at position: Int) -> Float {
    1 + scale * logf(1 + Float((position + offset) / span))
  }
}
