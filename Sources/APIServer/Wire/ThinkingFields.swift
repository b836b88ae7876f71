// How much a model is to think before it answers: a word in OpenAI's APIs, tokens in Anthropic's and
// in those of other servers.

/// What a request says about reasoning.
struct ThinkingFields: Sendable {
  /// A degree in OpenAI's words; nil for the template's own.
  var effort: String?
  /// Tokens at most, where the request says so itself; nil for those that the degree stands for.
  var tokens: Int?
  /// The field that said it, for errors.
  var field = "reasoning_effort"

  /// Whether anything was said.
  var isAsked: Bool { effort != nil || tokens != nil }
  /// Whether the model is not to think at all.
  var isSwitchedOff: Bool { budget == 0 }

  /// Tokens of reasoning at most; nil for no bound.
  var budget: Int? { tokens ?? effort.flatMap { Self.budgets[$0] } }

  /// What the degrees stand for; above them there is no bound.
  private static let budgets = [
    "none": 0, "minimal": 128, "low": 1024, "medium": 4096, "high": 16_384,
  ]
  private static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
  /// A number of tokens by llama.cpp's name and by vLLM's; -1 for no bound.
  private static let tokenFields = ["thinking_budget_tokens", "thinking_token_budget"]

  init() {}

  /// Those of a chat completion.
  init(chat fields: inout RequestFields) throws(APIError) {
    effort = try Self.effort(&fields, "reasoning_effort", Self.efforts)
    for name in Self.tokenFields {
      guard let count = try fields.integer(name, in: -1...Int(Int32.max)) else { continue }
      field = name
      tokens = count < 0 ? nil : count
    }
  }

  /// `reasoning` of the Responses API.
  init(responses fields: inout RequestFields) throws(APIError) {
    guard var reasoning = try fields.fields("reasoning") else { return }
    field = "reasoning.effort"
    effort = try Self.effort(&reasoning, "effort", Self.efforts)
    for name in ["summary", "generate_summary"] {
      try reasoning.refuseUnsupported(
        name, unless: { $0 == "auto" }, "reasoning comes as it is")
    }
    try reasoning.refuseUnsupported("mode", unless: { $0 == "standard" }, "leave it out")
    try reasoning.refuseUnsupported(
      "context", unless: { $0 == "auto" }, "the model's template says what is read")
  }

  /// `thinking` and `output_config.effort` of Anthropic's API.
  ///
  /// - Parameter maxTokens: of the whole answer, which has to be more than its thoughts.
  init(messages fields: inout RequestFields, maxTokens: Int?) throws(APIError) {
    if var configuration = try fields.fields("output_config") {
      field = "output_config.effort"
      effort = try Self.effort(
        &configuration, "effort", ["low", "medium", "high", "xhigh", "max"])
    }
    guard var thinking = try fields.fields("thinking") else { return }
    switch try thinking.string("type") {
    case "enabled":
      guard let count = try thinking.integer("budget_tokens", in: 1...Int(Int32.max)) else {
        throw thinking.missing("budget_tokens")
      }
      if let maxTokens, count >= maxTokens {
        throw thinking.invalid("budget_tokens", "invalid_value", "must be less than 'max_tokens'")
      }
      field = "thinking"
      tokens = count
    case "disabled":
      field = "thinking"
      effort = "none"
    case "adaptive": break
    case nil: throw thinking.missing("type")
    default:
      throw thinking.invalid("type", "invalid_value", "must be 'enabled', 'disabled' or 'adaptive'")
    }
  }

  private static func effort(
    _ fields: inout RequestFields, _ name: String, _ words: [String]
  ) throws(APIError) -> String? {
    guard let effort = try fields.string(name) else { return nil }
    guard words.contains(effort) else {
      let list = words.dropLast().joined(separator: ", ")
      throw fields.invalid(name, "invalid_value", "must be one of \(list) and \(words.last ?? "")")
    }
    return effort
  }
}
