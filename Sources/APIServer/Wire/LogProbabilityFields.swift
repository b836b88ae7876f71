// Whether the client wants to know how likely tokens were, and how many of the likeliest with each.

enum LogProbabilityFields {
  /// The most alternatives that can be asked for, as OpenAI documents.
  static let alternativeCount = 20

  /// What the Responses API calls them in `include`.
  static let included = "message.output_text.logprobs"

  /// What clients ask for that send whole conversations. Reasoning is told in plain words here, so there is
  /// nothing encrypted beside them.
  static let encryptedReasoning = "reasoning.encrypted_content"

  /// `logprobs` and `top_logprobs` of chats; nil where nothing is to be told.
  static func chat(_ fields: inout RequestFields) throws(APIError) -> Int? {
    let isWanted = try fields.bool("logprobs") ?? false
    let count = try fields.integer("top_logprobs", in: 0...alternativeCount) ?? 0
    guard isWanted || count == 0 else {
      throw fields.invalid("top_logprobs", "invalid_value", "needs 'logprobs' to be true")
    }
    return isWanted ? count : nil
  }

  /// `logprobs` of text completions, which is a number.
  static func completions(_ fields: inout RequestFields) throws(APIError) -> Int? {
    try fields.integer("logprobs", in: 0...alternativeCount)
  }

  /// `include` and `top_logprobs` of the Responses API.
  static func responses(_ fields: inout RequestFields) throws(APIError) -> Int? {
    let count = try fields.integer("top_logprobs", in: 0...alternativeCount) ?? 0
    var isIncluded = false
    for (index, element) in (try fields.elements("include", atMost: 64) ?? []).enumerated() {
      guard case .string(let name) = element else {
        throw fields.mistyped("include[\(index)]", "a string", element)
      }
      guard name == included || name == encryptedReasoning else {
        throw fields.invalid(
          "include[\(index)]", "unsupported_value",
          "must be '\(included)' or '\(encryptedReasoning)'; there is nothing else to include")
      }
      if name == included { isIncluded = true }
    }
    return isIncluded || count > 0 ? count : nil
  }
}
