// Vectors that stand for texts.

public import Tokenizer

/// How the hidden states of a text's tokens become one vector; raw values are llama.cpp's names.
public enum Pooling: String, CaseIterable, Sendable {
  /// Their mean.
  case mean
  /// That of the first token, which some vocabularies put before all texts for it.
  case first = "cls"
  /// That of the last token.
  case last
}

extension Hyperparameters {
  /// How the file says that a text's hidden states become one vector, by llama.cpp's numbers.
  func pooling() throws -> Pooling {
    let key = "pooling_type"
    switch try int(key) ?? 0 {
    case 0, 1: return .mean
    case 2: return .first
    case 3: return .last
    // A decoder that ranks writes its judgement, and can be asked for vectors too.
    case let number where !isEncoder && number == 4: return .mean
    case let number:
      throw unsupported(key, "is \(number); known are 0 and 1 (mean), 2 (first token), 3 (last)")
    }
  }
}

extension Engine {
  /// The vector of a text, `[embeddingLength]`: hidden states after the model's last norm, pooled. Its
  /// length is not 1.
  ///
  /// It waits and is computed like a prompt, in slices and in turn with those of other owners, and
  /// nothing of it is remembered. An encoder takes a text whole.
  ///
  /// - Parameters:
  ///   - tokens: those of the text, at least one and as many as the context has at most.
  ///   - pooling: how the states of all tokens become one; nil takes what the model's file says.
  ///   - owner: on whose behalf, as in `GenerationRequest`.
  /// - Throws: `EngineError` for a text that is empty or too long, where too many wait, or where the
  ///   vector is not finite;
  ///   `CancellationError` when the task is cancelled or the engine stops.
  public func embed(
    _ tokens: [TokenID], pooling: Pooling? = nil, owner: String? = nil
  ) async throws -> [Float] {
    var request = GenerationRequest(prompt: tokens)
    request.owner = owner
    let states = PooledStates(
      pooling ?? model.info.pooling, length: model.info.embeddingLength)
    for try await event in try submit(request, pooling: states) {
      guard case .finished(let summary) = event, summary.finishReason != .cancelled else {
        continue
      }
      let vector = states.vector
      guard vector.allSatisfy(\.isFinite) else {
        throw EngineError.notFinite(model: model.info.name)
      }
      return vector
    }
    throw CancellationError()
  }
}

extension [Float] {
  /// The first values, of length 1 where that is wanted. A vector of zeros keeps its length.
  package func embedding(dimensions: Int?, isNormalised: Bool) -> [Float] {
    let kept = Array(prefix(dimensions ?? count))
    guard isNormalised else { return kept }
    let length = kept.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 && length.isFinite ? kept.map { Float(Double($0) / length) } : kept
  }
}
