// The fields that say how text is generated: how much, with which randomness, until what. The same
// in every endpoint that generates.
//
// What is used where a field is absent is what OpenAI documents: temperature 1, top_p 1, no
// penalties, and every method that OpenAI does not have switched off.

import JSON
import Tokenizer
import Transformer

/// How the client wants its text generated.
struct GenerationFields {
  /// At most so many strings may end an answer.
  static let stopCount = 4
  /// The longest string that may end an answer, in bytes.
  static let stopBytes = 1024

  /// Tokens at most; nil for as many as the context has room for.
  var maxTokens: Int?
  var stop: [String]
  var sampling: SamplingOptions
  /// Whether the model's own end of text is passed over.
  var ignoresEnd: Bool
  /// How many answers are wanted.
  var choiceCount: Int

  init(_ fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    choiceCount = try fields.integer("n", in: 1...limits.choiceCount) ?? 1
    maxTokens = try Self.maxTokens(&fields)
    stop = try Self.strings(&fields, "stop")
    sampling = try Self.sampling(&fields)
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    try Self.refuseUnsupported(&fields)
  }

  /// The fields of Anthropic's API, which has fewer of them. What it lets through, ours do.
  init(messages fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    choiceCount = 1
    maxTokens = try fields.integer("max_tokens", in: 1...Int(Int32.max))
    stop = try Self.strings(&fields, "stop_sequences")
    sampling = try Self.sampling(&fields)
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    try Self.refuseUnsupported(&fields)
  }

  /// The fields of the Responses API.
  init(responses fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    choiceCount = 1
    maxTokens = try fields.integer("max_output_tokens", in: 1...Int(Int32.max))
    stop = try Self.strings(&fields, "stop")
    sampling = try Self.sampling(&fields)
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    try Self.refuseUnsupported(&fields)
  }

  /// The engine's requests for a prompt under these fields: one for each choice. Each choice has a
  /// seed of its own that follows from the first one's.
  func requests(prompt: [TokenID]) -> [GenerationRequest] {
    (0..<choiceCount).map { choice in
      var request = GenerationRequest(prompt: prompt)
      request.sampling = sampling
      request.sampling.seed = sampling.seed.map { $0 &+ UInt64(choice) }
      request.maxTokens = maxTokens
      request.stop = stop
      request.ignoreEndOfGeneration = ignoresEnd
      return request
    }
  }

  /// `max_completion_tokens`, or `max_tokens` as it was called before.
  private static func maxTokens(_ fields: inout RequestFields) throws(APIError) -> Int? {
    let range = 1...Int(Int32.max)
    let current = try fields.integer("max_completion_tokens", in: range)
    let former = try fields.integer("max_tokens", in: range)
    if let current, let former, current != former {
      throw fields.invalid(
        "max_tokens", "invalid_value", "contradicts 'max_completion_tokens'; send one of them")
    }
    return current ?? former
  }

  /// Texts that end an answer: a string or up to 4 of them.
  private static func strings(
    _ fields: inout RequestFields, _ name: String
  ) throws(APIError) -> [String] {
    guard let value = fields.value(name) else { return [] }
    var strings: [String] = []
    switch value {
    case .string(let text):
      strings = [text]
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        guard case .string(let text) = element else {
          throw fields.mistyped("\(name)[\(index)]", "a string", element)
        }
        strings.append(text)
      }
    default:
      throw fields.mistyped(name, "a string or an array of strings", value)
    }
    guard strings.count <= stopCount else {
      throw fields.invalid(
        name, "array_above_max_length",
        "has \(strings.count) strings; at most \(stopCount) are accepted")
    }
    guard strings.allSatisfy({ (1...stopBytes).contains($0.utf8.count) }) else {
      throw fields.invalid(
        name, "invalid_value", "must be strings of 1 to \(stopBytes) bytes")
    }
    return strings
  }

  private static func sampling(_ fields: inout RequestFields) throws(APIError) -> SamplingOptions {
    let most = Int(Int32.max)
    var options = SamplingOptions()
    options.temperature = Float(try fields.number("temperature", in: 0...2) ?? 1)
    options.topP = Float(try fields.number("top_p", in: 0...1) ?? 1)
    options.minP = Float(try fields.number("min_p", in: 0...1) ?? 0)
    // Clients write "all of them" as 0 or as -1.
    options.topK = max(0, try fields.integer("top_k", in: -1...most) ?? 0)
    options.presencePenalty = Float(try fields.number("presence_penalty", in: -2...2) ?? 0)
    options.frequencyPenalty = Float(try fields.number("frequency_penalty", in: -2...2) ?? 0)
    options.repeatPenalty = Float(try fields.number("repeat_penalty", in: 0.01...100) ?? 1)
    options.repeatLastN = try fields.integer("repeat_last_n", in: -1...most) ?? 64
    options.seed = try fields.integer("seed", in: Int.min...Int.max)
      .map { UInt64(bitPattern: Int64($0)) }
    return options
  }

  /// Fields that people know from here or elsewhere and that would change the answer.
  private static func refuseUnsupported(_ fields: inout RequestFields) throws(APIError) {
    try fields.refuseUnsupported(
      "logit_bias", unless: { $0.objectValue?.isEmpty == true }, "leave it out")
    for name in unsupported {
      try fields.refuseUnsupported(name, unless: { _ in false }, "leave it out")
    }
  }

  private static let unsupported = [
    "typical_p", "top_n_sigma", "xtc_probability", "xtc_threshold", "dry_multiplier", "dry_base",
    "dry_allowed_length", "dry_penalty_last_n", "dry_sequence_breakers", "mirostat",
    "mirostat_tau", "mirostat_eta", "grammar", "min_tokens", "stop_token_ids",
  ]
}
