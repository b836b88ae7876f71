// What the engine tells while it generates.

public import Tokenizer

/// A token of the answer.
public struct GeneratedToken: Sendable, Equatable {
  public let id: TokenID
  /// The text that became certain with this token. Empty while a character or a possible stop
  /// text is incomplete.
  public let text: String
  /// How likely it was, where `SamplingOptions.logProbabilities` asks for it.
  public let likelihood: TokenLikelihood?

  package init(id: TokenID, text: String, likelihood: TokenLikelihood? = nil) {
    self.id = id
    self.text = text
    self.likelihood = likelihood
  }
}

/// Why an answer ended.
public enum FinishReason: String, Sendable {
  /// The model was done, or a stop text came.
  case stop
  /// `maxTokens` or the end of the context.
  case length
  case cancelled
}

/// What ended an answer whose reason is `stop`.
public enum StopCause: Sendable, Equatable {
  /// A token by which the model says that it is done.
  case token(TokenID)
  /// One of the request's stop texts.
  case text(String)
}

/// How an answer ended, and its exact counts.
public struct GenerationSummary: Sendable {
  public let finishReason: FinishReason
  /// What came, where the reason is `stop`; otherwise nil.
  public let stopCause: StopCause?
  /// Tokens of the prompt, those found in a cache included.
  public let promptTokenCount: Int
  /// Tokens of the prompt that were found in a cache.
  public let cachedPromptTokenCount: Int
  /// Tokens that were generated, the one that says the model is done included.
  public let generatedTokenCount: Int
  /// Tokens of it that were reasoning.
  public let reasoningTokenCount: Int
  /// From the first computation to the first token.
  public let promptDuration: Duration
  /// From the first token to the last.
  public let decodeDuration: Duration
  /// From submission to the first computation.
  public let queueDuration: Duration
  /// The end of the text, where some was held back until now.
  public let text: String

  package init(
    finishReason: FinishReason, stopCause: StopCause? = nil, promptTokenCount: Int,
    cachedPromptTokenCount: Int,
    generatedTokenCount: Int, reasoningTokenCount: Int, promptDuration: Duration,
    decodeDuration: Duration, queueDuration: Duration, text: String
  ) {
    self.finishReason = finishReason
    self.stopCause = stopCause
    self.promptTokenCount = promptTokenCount
    self.cachedPromptTokenCount = cachedPromptTokenCount
    self.generatedTokenCount = generatedTokenCount
    self.reasoningTokenCount = reasoningTokenCount
    self.promptDuration = promptDuration
    self.decodeDuration = decodeDuration
    self.queueDuration = queueDuration
    self.text = text
  }
}

/// An event of a generation, in order: tokens, then one `finished`.
public enum GenerationEvent: Sendable {
  case token(GeneratedToken)
  case finished(GenerationSummary)
}
