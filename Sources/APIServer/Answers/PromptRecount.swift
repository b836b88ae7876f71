// Counting again what a request came to, from what the customer kept of it: by the code that the
// server counts with, and a model's tokenizer and template alone.

import JSON
import Metering
import Tokenizer
import Transformer

/// Counts tokens of requests and answers without a server.
package struct PromptRecount: Sendable {
  private let model: BackendModel

  package init(_ writer: PromptWriter) {
    let engine = WritingEngine(writer: writer)
    model = BackendModel(
      name: "recount", engine: engine, recordID: ModelID(rawValue: 0), outputs: engine.outputs,
      breakers: BreakerTokens())
  }

  /// The tokens of the prompt of a request.
  ///
  /// - Parameter body: the JSON that was sent to `/v1/chat/completions` or `/v1/completions`.
  /// - Throws: what the server would refuse it with, or `JSONError`.
  package func promptTokens(of body: [UInt8]) throws -> Int {
    let limits = Server.Limits()
    let value = try JSONValue.parse(body, limits: JSONLimits(byteCount: limits.bodyBytes))
    if value["messages"] == nil {
      let fields = try CompletionFields(body: value, limits: limits, isStrict: false)
      return try fields.prompts.reduce(0) { count, prompt in
        count + (try CompletionPrompt(prompt, suffix: fields.suffix, model).tokens.count)
      }
    }
    var fields = try RequestFields(body: value)
    return try model.prompt(ConversationFields(&fields, limits: limits)).count
  }

  /// The tokens that the text of an answer takes. The model may have spelled it with others.
  package func answerTokens(of text: String) -> Int {
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
      vocabularyCount: 0, embeddingLength: 0)
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
