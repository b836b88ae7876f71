// Counting again what a request came to, from what the customer kept of it: by the code that the
// server counts with, and a model's tokenizer and template alone.

import JSON
import Metering
import Tokenizer
import Transformer

/// Why something cannot be counted again, in words that follow the name of what it stands in.
package struct RecountError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  /// What the server would refuse a request with.
  fileprivate init(_ error: any Error) {
    description = APIError(known: error)?.message ?? "\(error)"
  }
}

/// Counts tokens of requests and answers without a server.
package struct PromptRecount: Sendable {
  private let model: BackendModel

  package init(_ writer: PromptWriter) {
    let engine = WritingEngine(writer: writer)
    model = BackendModel(
      name: "recount", engine: engine, recordID: ModelID(rawValue: 0), outputs: engine.outputs,
      breakers: BreakerTokens())
  }

  /// A server that took a request may have higher limits than others.
  private static let limits: Server.Limits = {
    var limits = Server.Limits()
    limits.choiceCount = Int(Int32.max)
    limits.promptCount = Int(Int32.max)
    limits.inputCount = .max
    limits.messageCount = .max
    limits.toolCount = .max
    return limits
  }()

  /// The tokens of the prompt of a request.
  ///
  /// - Parameter request: the JSON that was sent to the route.
  /// - Throws: what the server would refuse it with.
  package func promptTokens(
    of request: JSONValue, as route: CountedRoute
  ) throws(RecountError) -> Int {
    do { return try count(request, route) } catch { throw RecountError(error) }
  }

  private func count(_ request: JSONValue, _ route: CountedRoute) throws -> Int {
    let limits = Self.limits
    switch route {
    case .chat:
      let fields = try ChatFields(body: request, limits: limits, isStrict: false)
      return try model.prompt(fields.conversation).count
    case .messages:
      let fields = try MessagesFields(body: request, limits: limits, isStrict: false)
      return try model.prompt(fields.conversation).count
    case .responses:
      let fields = try ResponsesFields(body: request, limits: limits, isStrict: false)
      return try model.prompt(fields.conversation).count
    case .completions:
      let fields = try CompletionFields(body: request, limits: limits, isStrict: false)
      return try prompts(of: fields).reduce(0) { $0 + $1.tokens.count }
    case .embeddings:
      let fields = try EmbeddingFields(body: request, limits: limits, isStrict: false)
      return try fields.tokens(model).reduce(0) { $0 + $1.count }
    }
  }

  private func prompts(of fields: CompletionFields) throws -> [CompletionPrompt] {
    try fields.prompts.map { try CompletionPrompt($0, suffix: fields.suffix, model) }
  }

  /// Tags and line ends around no thought take so many tokens at most, and nothing tells of them.
  private static let mostTagTokens = 8

  /// The tokens that the texts of an answer take. The model may have spelled them with others.
  ///
  /// - Parameters:
  ///   - request: what it was the answer to; nil where that was not kept.
  ///   - reasoningTokens: how many tokens the receipt says were reasoning.
  /// - Throws: where not all that the model wrote is in it.
  package func answerTokens(
    of answer: SavedAnswer, to request: JSONValue? = nil, reasoningTokens: Int = 0
  ) throws(RecountError) -> Int {
    guard !answer.hasCalls else {
      throw RecountError(
        "the answer calls functions, and not in the words that the model wrote: its tokens cannot "
          + "be counted again")
    }
    let tellsReasoning = answer.choices.contains { !$0.reasoning.isEmpty }
    guard tellsReasoning || reasoningTokens <= Self.mostTagTokens else {
      throw RecountError(
        "\(reasoningTokens) tokens of the answer were reasoning, which is not in it: its tokens "
          + "cannot be counted again")
    }
    var choices = answer.choices
    if let request, (answer.route ?? .completions) == .completions, request["prompt"] != nil {
      do {
        let fields = try CompletionFields(body: request, limits: Self.limits, isStrict: false)
        choices = try written(choices, fields)
      } catch let error as RecountError {
        throw error
      } catch {
        throw RecountError(error)
      }
    }
    return choices.reduce(0) { $0 + tokens(of: $1.reasoning) + tokens(of: $1.text) }
  }

  /// What the model wrote of the answer to a completion: all but the prompts that it repeats.
  private func written(
    _ choices: [SavedAnswer.Choice], _ fields: CompletionFields
  ) throws -> [SavedAnswer.Choice] {
    guard fields.keptCount == fields.generation.choiceCount else {
      throw RecountError(
        "the answer holds the best choices alone ('best_of'), and others were written too: its "
          + "tokens cannot be counted again")
    }
    guard fields.echoesPrompt else { return choices }
    let prompts = try prompts(of: fields).map { $0.text.utf8 }
    return try choices.enumerated().map { index, choice in
      let place = index / fields.keptCount
      guard place < prompts.count, choice.text.utf8.starts(with: prompts[place]) else {
        throw RecountError("the answer does not begin with the prompt, as 'echo' asks for")
      }
      let rest = choice.text.utf8.dropFirst(prompts[place].count)
      return SavedAnswer.Choice(text: String(decoding: rest, as: UTF8.self))
    }
  }

  private func tokens(of text: String) -> Int {
    model.engine.encode(text, parsingSpecial: false, addingSpecial: false).count
  }
}

/// An engine that writes prompts and computes nothing.
private struct WritingEngine: TextEngine {
  let writer: PromptWriter

  var contextLength: Int { .max }
  var facts: ModelFacts {
    ModelFacts(
      description: "", architecture: "", parameterCount: 0, trainedContextLength: 0,
      vocabularyCount: writer.tokenizer.vocabularyCount, embeddingLength: .max)
  }
  var chatTemplateSource: String? { writer.templates.plain?.source }
  var toolTemplateSource: String? { writer.templates.withTools?.source }
  var pendingCount: Int { 0 }
  var statistics: EngineStatistics { EngineStatistics() }

  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    try writer.prompt(messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String {
    try writer.text(messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  func tokens(ofPrompt text: String) -> [TokenID] { writer.tokens(ofPrompt: text) }

  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    writer.tokenizer.encode(text, parsingSpecial: parsingSpecial, addingSpecial: addingSpecial)
  }

  func decode(_ tokens: [TokenID]) -> String {
    writer.tokenizer.decode(tokens, showingSpecial: true)
  }

  func bytes(of token: TokenID) -> [UInt8] {
    writer.tokenizer.bytes(of: token, showingSpecial: true)
  }

  func isHidden(_ token: TokenID) -> Bool {
    writer.tokenizer.bytes(of: token, showingSpecial: false).isEmpty
  }

  func embed(_ tokens: [TokenID], pooling: Pooling, owner: String) async throws -> [Float] {
    throw EngineError.stopped
  }

  func start(_ request: GenerationRequest) throws -> any TokenStream { throw EngineError.stopped }

  func forget(owner: String) {}
}
