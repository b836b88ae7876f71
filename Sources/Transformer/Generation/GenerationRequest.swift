// What is asked of the engine.

public import Tokenizer

/// One answer to be generated.
public struct GenerationRequest: Sendable {
  /// The tokens to continue; at least one.
  public var prompt: [TokenID]
  public var sampling = SamplingOptions()
  /// Tokens to generate at most; nil goes on to the end of the context.
  public var maxTokens: Int?
  /// Texts that end the answer; they are not part of it.
  public var stop: [String] = []
  /// Go on when the model says that it is done.
  public var ignoreEndOfGeneration = false

  public init(prompt: [TokenID]) { self.prompt = prompt }
}
