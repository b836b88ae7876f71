// What a file says of attention heads.

import TensorCore

extension Hyperparameters {
  /// Heads as the file says how many and how long they are.
  ///
  /// - Parameter scale: the factor on scores; nil takes 1 / √keyLength.
  func heads(scale: Float? = nil) -> AttentionHeads {
    var heads = AttentionHeads(
      headCount: headCount, keyValueHeadCount: keyValueHeadCount, keyLength: keyLength,
      valueLength: valueLength, scale: scale ?? 1 / Float(keyLength).squareRoot())
    heads.isCausal = !isEncoder
    return heads
  }

  /// The factor on scores that the file names; nil where it names none, or 0.
  func attentionScale() throws -> Float? {
    try float("attention.scale").flatMap { $0 == 0 ? nil : $0 }
  }

  /// The factor on queries that grows with their position; nil where the file names none.
  ///
  /// - Parameter spanKey: the key of the positions to each step.
  func attentionTemperature(spanKey: String) throws -> AttentionTemperature? {
    guard let scale = try float("attention.temperature_scale"), scale != 0 else { return nil }
    return AttentionTemperature(
      scale: scale, span: try requiredInt(spanKey, in: 1...1 << 30))
  }
}
