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
  /// It is computed on a thread of its own, in turn with the engine's steps, and remembers nothing.
  ///
  /// - Throws: `EngineError` for a text that is empty or too long, `AllocationError`, or
  ///   `CancellationError` when the task is cancelled.
  public func embed(_ tokens: [TokenID], pooling: Pooling) async throws -> [Float] {
    try check(tokens)
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        startEngineThread { [model] in
          continuation.resume(
            with: Result { try Self.embed(tokens, pooling, model) { flag.isSet } })
        }
      }
    } onCancel: {
      flag.set()
    }
  }

  private static func embed(
    _ tokens: [TokenID], _ pooling: Pooling, _ model: Model, isCancelled: () -> Bool
  ) throws -> [Float] {
    let session = try Session(model, contextLength: tokens.count)
    var sum = [Double](repeating: 0, count: model.info.embeddingLength)
    var last: [Float] = []
    try session.evaluateHidden(tokens, isCancelled: isCancelled) { state in
      last = state
      for (index, value) in state.enumerated() { sum[index] += Double(value) }
    }
    switch pooling {
    case .mean: return sum.map { Float($0 / Double(tokens.count)) }
    case .last: return last
    }
  }
}
