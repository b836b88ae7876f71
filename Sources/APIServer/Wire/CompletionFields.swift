// The body of a text completion request as the server uses it.

import JSON
import Tokenizer

/// `POST /v1/completions`, taken apart.
struct CompletionFields: AnswerRequest {
  /// A prompt as text, or as tokens that the client has made itself.
  enum Prompt {
    case text(String)
    case tokens([TokenID])
  }

  /// What OpenAI documents for this endpoint, and for no other.
  static let defaultMaxTokens = 16

  let model: String
  /// At least one. Each is answered on its own.
  let prompts: [Prompt]
  let stream: StreamFields
  /// Whether the answer begins with the prompt.
  let echoesPrompt: Bool
  /// What stands behind the place that is to be filled; nil where nothing does.
  let suffix: String?
  /// Choices that the answer has for each prompt: the likeliest of those that are generated.
  let keptCount: Int
  let generation: GenerationFields

  /// Whether the likelihoods of the prompt's tokens are wanted.
  var scoresPrompt: Bool { echoesPrompt && generation.tellsScores }
  var takesLong: Bool { generation.takesLong }

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    var fields = try RequestFields(body: body, isStrict: isStrict)
    guard let model = try fields.string("model") else { throw fields.missing("model") }
    self.model = model
    prompts = try Self.prompts(&fields, atMost: limits.promptCount)
    stream = try StreamFields(&fields)
    echoesPrompt = try fields.bool("echo") ?? false
    var generation = try GenerationFields(&fields, of: .completions, limits: limits)
    if generation.maxTokens == nil, fields.value("n_predict") != -1 {
      generation.maxTokens = Self.defaultMaxTokens
    }
    suffix = try fields.string("suffix").flatMap { $0.isEmpty ? nil : $0 }
    if suffix != nil, echoesPrompt, generation.tellsScores {
      throw fields.invalid(
        "suffix", "unsupported_value", "can't be combined with 'echo' and 'logprobs' at once")
    }
    keptCount = generation.choiceCount
    if let bestOf = try fields.integer("best_of", in: 1...limits.choiceCount) {
      guard bestOf >= keptCount else {
        throw fields.invalid("best_of", "integer_below_min_value", "must be at least 'n'")
      }
      guard bestOf == keptCount || !stream.isStreamed else {
        throw fields.invalid("best_of", "unsupported_value", "can't be streamed")
      }
      generation.choiceCount = bestOf
    }
    let answerCount = prompts.count * generation.choiceCount
    guard answerCount <= limits.answerCount else {
      throw fields.invalid(
        "prompt", "array_above_max_length",
        "asks for \(answerCount) answers with 'n' or 'best_of'; at most \(limits.answerCount) are "
          + "accepted")
    }
    self.generation = generation
    for name in ["user", "metadata", "cache_prompt"] { _ = fields.value(name) }
    try fields.end()
  }

  /// A string, tokens, or several of either in an array.
  private static func prompts(
    _ fields: inout RequestFields, atMost limit: Int
  ) throws(APIError) -> [Prompt] {
    guard let value = fields.value("prompt") else { throw fields.missing("prompt") }
    switch value {
    case .string(let text):
      return [.text(text)]
    case .array(let elements):
      if case .integer? = elements.first { return [.tokens(try fields.tokens("prompt", elements))] }
      guard !elements.isEmpty else {
        throw fields.invalid("prompt", "empty_array", "must have at least one prompt")
      }
      guard elements.count <= limit else {
        throw fields.invalid(
          "prompt", "array_above_max_length",
          "has \(elements.count) prompts; at most \(limit) are accepted")
      }
      var prompts: [Prompt] = []
      for (index, element) in elements.enumerated() {
        let name = "prompt[\(index)]"
        switch element {
        case .string(let text): prompts.append(.text(text))
        case .array(let tokens): prompts.append(.tokens(try fields.tokens(name, tokens)))
        default: throw fields.mistyped(name, "a string or an array of tokens", element)
        }
      }
      return prompts
    default:
      throw fields.mistyped("prompt", "a string or an array", value)
    }
  }
}

extension RequestFields {
  /// Elements as token ids. Whether the vocabulary has them is the engine's to say.
  func tokens(_ name: String, _ elements: [JSONValue]) throws(APIError) -> [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard case .integer(let number) = element, let token = TokenID(exactly: number), token >= 0
      else {
        let field = "\(name)[\(index)]"
        let expected = "a token id (a whole number from 0 to \(TokenID.max))"
        switch element {
        case .integer, .largeInteger:
          throw invalid(field, "invalid_type", "must be \(expected)")
        default: throw mistyped(field, expected, element)
        }
      }
      tokens.append(token)
    }
    return tokens
  }
}
