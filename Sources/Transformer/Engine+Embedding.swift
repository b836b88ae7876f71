// Vectors that stand for texts.

public import Tokenizer

/// How the hidden states of a text's tokens become one vector.
public enum Pooling: Sendable {
  /// Their mean.
  case mean
  /// That of the last token.
  case last
}

extension Engine {
  /// The vector of a text, `[embeddingLength]`: hidden states after the model's last norm, pooled. Its
  /// length is not 1.
  ///
  /// It waits and is computed like a prompt, in slices and in turn with those of other owners, and
  /// nothing of it is remembered.
  ///
  /// - Parameters:
  ///   - tokens: those of the text, at least one.
  ///   - pooling: how the states of all tokens become one.
  ///   - owner: on whose behalf, as in `GenerationRequest`.
  /// - Throws: `EngineError` for a text that is empty or too long, or where too many wait;
  ///   `CancellationError` when the task is cancelled or the engine stops.
  public func embed(
    _ tokens: [TokenID], pooling: Pooling, owner: String? = nil
  ) async throws -> [Float] {
    var request = GenerationRequest(prompt: tokens)
    request.owner = owner
    let states = PooledStates(pooling, length: model.info.embeddingLength)
    for try await event in try submit(request, pooling: states) {
      guard case .finished(let summary) = event, summary.finishReason != .cancelled else {
        continue
      }
      return states.vector
    }
    throw CancellationError()
  }
}
