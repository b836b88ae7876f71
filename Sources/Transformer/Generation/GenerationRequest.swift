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
  /// On whose behalf: requests of one owner share a fair part of the engine, and reuse what it
  /// remembers of each other's prompts and answers. Owners never see each other's memory. Of
  /// requests without an owner nothing is remembered.
  public var owner: String?
  /// The owner's weight among those that want to compute at the same time; above 0.
  public var share = 1.0
  /// Is handed the logits of each place of the answer, `[vocabulary]`, and again where a guess was
  /// wrong. Called on threads that compute.
  package var observeLogits: (@Sendable (_ position: Int, _ logits: [Float]) -> Void)?

  public init(prompt: [TokenID]) { self.prompt = prompt }
}
