// What is asked of the engine.

public import Constraints
public import Tokenizer

/// One answer to be generated.
public struct GenerationRequest: Sendable {
  /// The tokens to continue; at least one.
  public var prompt: [TokenID]
  public var sampling = SamplingOptions()
  /// Tokens to generate at most; nil goes on to the end of the context, or until the answer ends
  /// where the context shifts.
  public var maxTokens: Int?
  /// Texts that end the answer; they are not part of it.
  public var stop: [String] = []
  /// Go on when the model says that it is done, but for where a constraint lets the answer end.
  public var ignoreEndOfGeneration = false
  /// What the answer must be. It ends within `maxTokens`, and then satisfies the constraint: where
  /// tokens become few, only those are chosen that lead to an end. One constraint serves any number
  /// of requests, which share what is found out about it.
  public var constraint: Constraint?
  /// Special tokens that the constraint sees as their spelling; others may not stand in it.
  public var constraintMarkers: Set<TokenID> = []
  /// Bounds what the model thinks before it answers; nil for no bound.
  public var reasoningLimit: ReasoningLimit?
  /// Tokens that end the answer besides the model's own, also where those are ignored; they are not
  /// part of it. None comes before `SamplingOptions.minTokens`.
  public var stopTokens: Set<TokenID> = []
  /// Whether the answer goes on where the context is full: half of what follows the first
  /// `keptTokenCount` tokens is then forgotten, and the rest moves up.
  public var shiftsContext = false
  /// Tokens at the beginning of the prompt that a shift keeps, such as the system prompt; half of
  /// the context at most.
  public var keptTokenCount = 0
  /// Of requests with the same object and the same prompt the first one computes it, and the others
  /// begin with what that came to.
  public var sharedPrompt: SharedPrompt?
  /// On whose behalf: requests of one owner share a fair part of the engine, and reuse what it
  /// remembers of each other's prompts and answers. Owners never see each other's memory. Of
  /// requests without an owner nothing is remembered.
  public var owner: String?
  /// The owner's weight among those that want to compute at the same time; above 0.
  public var share = 1.0
  /// Is handed how likely the tokens of the prompt were but for its first, in order, before the
  /// answer's first token. `SamplingOptions.logProbabilities` says with how many others. Nothing of
  /// the prompt is then taken from a cache. Called on the engine's thread.
  package var tellPromptLikelihoods: (@Sendable (_ likelihoods: [TokenLikelihood]) -> Void)?
  /// Is handed the logits of each place of the answer, `[vocabulary]`, and again where a guess was
  /// wrong. Called on threads that compute.
  package var observeLogits: (@Sendable (_ position: Int, _ logits: [Float]) -> Void)?

  public init(prompt: [TokenID]) { self.prompt = prompt }

  /// Requests for several answers, which share the prompt. Their seeds follow one another from the
  /// request's, where it has one.
  public func choices(_ count: Int) -> [GenerationRequest] {
    let sharedPrompt = SharedPrompt()
    return (0..<count).map { choice in
      var request = self
      request.sampling.seed = sampling.seed.map { $0 &+ UInt64(choice) }
      if count > 1 { request.sharedPrompt = sharedPrompt }
      return request
    }
  }
}

/// What requests have in common that share a prompt.
public final class SharedPrompt: Sendable {
  public init() {}
}
