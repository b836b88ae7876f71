// What the server needs of an engine, and nothing more: the seam at which a test or a benchmark of
// the server puts an engine that answers at once.

import Constraints
import JSON
import Tokenizer
import Transformer

/// What the server asks of an engine. `Engine` is the real one; tests and benchmarks of the server
/// bring one that answers at once.
package protocol TextEngine: Sendable {
  /// Tokens of prompt and answer together, at most.
  var contextLength: Int { get }
  /// What is served, for people.
  var facts: ModelFacts { get }
  /// The source of the model's chat template; nil where it has none and cannot answer messages.
  var chatTemplateSource: String? { get }
  /// The source of the template for conversations with functions; nil where that is the same.
  var toolTemplateSource: String? { get }
  /// Answers that wait or are computed.
  var pendingCount: Int { get }
  /// What the engine is doing and what memory it has.
  var statistics: EngineStatistics { get }

  /// The tokens of a conversation by the model's own template.
  ///
  /// - Throws: `ModelError` where the model has no template, `TemplateError` where it refuses.
  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID]

  /// The text that `prompt` makes tokens of.
  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String

  /// The tokens of a text that the model's template wrote.
  func tokens(ofPrompt text: String) -> [TokenID]

  /// The tokens of a text.
  ///
  /// - Parameters:
  ///   - parsingSpecial: spellings of special tokens become those tokens.
  ///   - addingSpecial: tokens are put around the text as the vocabulary asks.
  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID]

  /// The text of tokens, special ones with their spellings.
  func decode(_ tokens: [TokenID]) -> String

  /// The bytes that one token stands for; none for an id outside the vocabulary.
  func bytes(of token: TokenID) -> [UInt8]

  /// Whether the texts of answers leave out the spelling of this token.
  func isHidden(_ token: TokenID) -> Bool

  /// The vector of a text, `[facts.embeddingLength]`, whose length need not be 1.
  ///
  /// - Parameter owner: on whose behalf; owners take turns.
  /// - Throws: `EngineError`, or `CancellationError` when the task is cancelled.
  func embed(_ tokens: [TokenID], pooling: Pooling, owner: String) async throws -> [Float]

  /// Begins an answer; the work is done on the engine's own threads.
  ///
  /// - Throws: `EngineError`.
  func start(_ request: GenerationRequest) throws -> any TokenStream

  /// Compiles what answers must be, or finds it compiled for the same owner.
  ///
  /// - Throws: where it cannot be enforced.
  func constraint(
    _ source: ConstraintSource, owner: String
  ) throws(ConstraintError) -> Constraint

  /// What the tokens of prompts are made by, in one form to be hashed; nil where there is no file of
  /// it.
  func tokenizerBytes() -> [UInt8]?

  /// Wipes what is remembered of an owner's prompts, answers that are over, and constraints.
  func forget(owner: String)
}

extension TextEngine {
  package func constraint(
    _ source: ConstraintSource, owner: String
  ) throws(ConstraintError) -> Constraint {
    try source.compiled()
  }

  package func tokenizerBytes() -> [UInt8]? { nil }

  package var toolTemplateSource: String? { nil }

  package func tokens(ofPrompt text: String) -> [TokenID] {
    encode(text, parsingSpecial: true, addingSpecial: true)
  }

  /// Whether conversations can be answered.
  package var hasChatTemplate: Bool { chatTemplateSource != nil }

  /// What the templates tell of answers.
  var outputs: ModelOutputs {
    ModelOutputs(template: chatTemplateSource, withTools: toolTemplateSource) { spelling in
      let tokens = encode(spelling, parsingSpecial: true, addingSpecial: false)
      return tokens.count == 1 && isHidden(tokens[0]) ? tokens[0] : nil
    }
  }
}

/// What `/v1/models` tells of a model beside its name.
package struct ModelFacts: Sendable {
  /// In one line: family, size and format.
  package let description: String
  package let architecture: String
  package let parameterCount: Int
  /// Tokens that the model was trained to look back on.
  package let trainedContextLength: Int
  /// Tokens that there are.
  package let vocabularyCount: Int
  /// Values of a text's vector.
  package let embeddingLength: Int
  /// Whether it turns texts into vectors and writes none.
  package let isEncoder: Bool
  /// How the states of a text become its vector, where the request does not say.
  package let pooling: Pooling
  /// What the model's authors recommend, by the names of a request's fields.
  package let recommendedSampling: [String: Double]

  package init(
    description: String, architecture: String, parameterCount: Int, trainedContextLength: Int,
    vocabularyCount: Int, embeddingLength: Int, isEncoder: Bool = false,
    pooling: Pooling = .mean, recommendedSampling: [String: Double] = [:]
  ) {
    self.description = description
    self.architecture = architecture
    self.parameterCount = parameterCount
    self.trainedContextLength = trainedContextLength
    self.vocabularyCount = vocabularyCount
    self.embeddingLength = embeddingLength
    self.isEncoder = isEncoder
    self.pooling = pooling
    self.recommendedSampling = recommendedSampling
  }

  init(_ info: ModelInfo) {
    self.init(
      description: info.description, architecture: info.architecture,
      parameterCount: info.parameterCount, trainedContextLength: info.trainedContextLength,
      vocabularyCount: info.vocabularyCount, embeddingLength: info.embeddingLength,
      isEncoder: info.isEncoder, pooling: info.pooling,
      recommendedSampling: info.recommendedSampling)
  }
}

/// The events of one answer. Ends after `.finished`, also when it is cancelled.
package protocol TokenStream: AsyncSequence, Sendable
where Element == GenerationEvent, Failure == any Error {
  /// Stops the answer within one step of the engine. May be called from anywhere, more than once.
  func cancel()
}

extension Generation: TokenStream {}

extension Engine: TextEngine {
  package var contextLength: Int { model.contextLength }
  package var facts: ModelFacts { ModelFacts(model.info) }
  package var chatTemplateSource: String? { model.templates.plain?.source }
  package var toolTemplateSource: String? { model.templates.withTools?.source }

  package func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    try model.prompt(messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  package func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String {
    try model.promptText(
      messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  package func tokens(ofPrompt text: String) -> [TokenID] { model.tokens(ofPrompt: text) }

  package func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    model.tokenizer.encode(text, parsingSpecial: parsingSpecial, addingSpecial: addingSpecial)
  }

  package func decode(_ tokens: [TokenID]) -> String {
    model.tokenizer.decode(tokens, showingSpecial: true)
  }

  package func bytes(of token: TokenID) -> [UInt8] {
    model.tokenizer.bytes(of: token, showingSpecial: true)
  }

  package func isHidden(_ token: TokenID) -> Bool {
    model.tokenizer.bytes(of: token, showingSpecial: false).isEmpty
  }

  package func tokenizerBytes() -> [UInt8]? {
    try? model.info.tokenizerBytes(chatTemplate: model.chatTemplate?.source)
  }

  package func embed(
    _ tokens: [TokenID], pooling: Pooling, owner: String
  ) async throws -> [Float] {
    try await embed(tokens, pooling: pooling, owner: Optional(owner))
  }

  package func constraint(
    _ source: ConstraintSource, owner: String
  ) throws(ConstraintError) -> Constraint {
    try constraints.constraint(source, owner: owner)
  }

  package func start(_ request: GenerationRequest) throws -> any TokenStream {
    try generate(request)
  }
}
