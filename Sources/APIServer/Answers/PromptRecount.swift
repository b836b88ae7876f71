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
    limits.stopCount = .max
    limits.stopBytes = .max
    limits.biasCount = .max
    limits.constraintBytes = .max
    return limits
  }()

  /// The JSON of a request, however long it is and however deep any server takes it.
  package static func request(_ bytes: [UInt8]) throws(RecountError) -> JSONValue {
    do { return try JSONValue.parse(bytes, limits: .kept) } catch {
      throw RecountError("\(error)")
    }
  }

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

  /// The tokens that the texts of an answer take. The model may have spelled them with others.
  ///
  /// - Parameters:
  ///   - request: what it was the answer to; nil where that was not kept.
  ///   - completionTokens: how many tokens the receipt says; nil where that is not compared.
  ///   - reasoningTokens: how many of them the receipt says were reasoning.
  /// - Throws: where not all that the model wrote is in it, and where the receipt says other
  ///   numbers than the texts can have taken (`RecountTolerance`).
  package func answerTokens(
    of answer: SavedAnswer, to request: JSONValue? = nil, completionTokens: Int? = nil,
    reasoningTokens: Int = 0
  ) throws(RecountError) -> Int {
    guard !answer.hasCalls else {
      throw RecountError(
        "the answer calls functions, and not in the words that the model wrote: its tokens cannot "
          + "be counted again")
    }
    let tolerance = RecountTolerance(
      choiceCount: answer.route == .embeddings ? 0 : max(answer.choices.count, 1),
      stopTokens: stops(of: request).map(tokens(of:)).max() ?? 0)
    let reasoning = answer.choices.reduce(0) { $0 + tokens(of: $1.reasoning) }
    guard reasoning > 0 || reasoningTokens <= tolerance.tagTokens else {
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
    let counted = choices.reduce(reasoning) { $0 + tokens(of: $1.text) }
    if let completionTokens {
      try tolerance.check(completionTokens, against: counted)
      try tolerance.check(reasoningTokens, ofReasoning: true, against: reasoning)
    }
    return counted
  }

  /// The texts that end an answer and are no part of it.
  private func stops(of request: JSONValue?) -> [String] {
    guard let stop = request?["stop"] ?? request?["stop_sequences"] else { return [] }
    return (stop.arrayValue ?? [stop]).compactMap(\.stringValue)
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
