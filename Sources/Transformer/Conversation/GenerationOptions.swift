// How an answer of a conversation is made.

public import Constraints

/// Choices for one answer.
public struct GenerationOptions: Sendable {
  public var sampling = SamplingOptions()
  /// Tokens that the answer has at most; nil goes on to the end of the context.
  public var maximumResponseTokens: Int?
  /// Texts that end the answer; they are not part of it. A constraint that holds from the beginning, a
  /// typed answer or a call ends by itself, and these are not looked for.
  public var stop: [String] = []
  /// What a text must be. Typed answers bring their own.
  public var constraint: Constraint?
  public var toolChoice = ToolChoice.automatic
  /// Times that the model may ask for calls before it has to answer in words.
  public var maximumToolRounds = 8
  /// Whether the model thinks before it answers, where its template can tell it; nil leaves that to
  /// the template.
  public var thinks: Bool?
  /// Tokens that a model thinks at most before each answer or call, where its thoughts stand between
  /// tags; nil for no bound. They count for `maximumResponseTokens` too: a typed answer of a model that
  /// thinks needs both, or may end before its value is whole.
  public var maximumReasoningTokens: Int?
  /// Whether a typed answer's schema is shown to the model. Without it the schema only constrains.
  public var includesSchemaInPrompt = true

  /// - Parameters:
  ///   - temperature: nil takes the default of `SamplingOptions`; 0 always takes the likeliest token.
  ///   - maximumResponseTokens: nil for no bound but the context.
  ///   - seed: the same one gives the same answer; nil takes one at random.
  public init(
    temperature: Float? = nil, maximumResponseTokens: Int? = nil, seed: UInt64? = nil
  ) {
    if let temperature { sampling.temperature = temperature }
    sampling.seed = seed
    self.maximumResponseTokens = maximumResponseTokens
  }
}
