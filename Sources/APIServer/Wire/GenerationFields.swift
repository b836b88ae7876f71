// The fields that say how text is generated: how much, with which randomness, until what. The same
// in every endpoint that generates.
//
// What is used where a field is absent is what OpenAI documents: temperature 1, top_p 1, no
// penalties, and every method that OpenAI does not have switched off.

import Constraints
import JSON
import Tokenizer
import Transformer

/// How the client wants its text generated.
struct GenerationFields {
  /// At most so many tokens may end an answer.
  static let stopTokenCount = 64
  /// Tokens at most; nil for as many as the context has room for.
  var maxTokens: Int?
  var stop: [String]
  var sampling: SamplingOptions
  /// Tokens that end an answer, beside the model's own.
  var stopTokens: Set<TokenID>
  /// What repetitions cost; nil for nothing.
  var repetition: RepetitionFields?
  /// Whether the model's own end of text is passed over.
  var ignoresEnd: Bool
  /// How many answers are wanted.
  var choiceCount: Int
  /// What an answer must be; nil for anything.
  let format: AnswerConstraint?

  /// What an API calls the fields that the three name differently.
  struct Dialect {
    /// The limit of tokens; where there are two names they must not contradict each other.
    let maxTokens: [String]
    let stop: String
    let hasChoices: Bool
    /// 0 where a prompt without an answer may be asked for.
    var leastTokens = 1
    /// Reads what an answer must be.
    let format: @Sendable (inout RequestFields, Server.Limits) throws(APIError) -> AnswerConstraint?
    /// Reads how many of the likeliest tokens are told with each; nil for no likelihoods at all.
    let logProbabilities: @Sendable (inout RequestFields) throws(APIError) -> Int?

    /// `max_tokens` is the older name, and llama.cpp's is `n_predict`.
    static let chat = Dialect(
      maxTokens: ["max_completion_tokens", "max_tokens", "n_predict"], stop: "stop",
      hasChoices: true,
      format: FormatFields.completions, logProbabilities: LogProbabilityFields.chat)
    static let completions = Dialect(
      maxTokens: ["max_completion_tokens", "max_tokens", "n_predict"], stop: "stop",
      hasChoices: true, leastTokens: 0, format: FormatFields.completions,
      logProbabilities: LogProbabilityFields.completions)
    static let messages = Dialect(
      maxTokens: ["max_tokens"], stop: "stop_sequences", hasChoices: false,
      format: FormatFields.messages, logProbabilities: { _ in nil })
    static let responses = Dialect(
      maxTokens: ["max_output_tokens"], stop: "stop", hasChoices: false,
      format: FormatFields.responses, logProbabilities: LogProbabilityFields.responses)
  }

  init(
    _ fields: inout RequestFields, of dialect: Dialect, limits: Server.Limits
  ) throws(APIError) {
    choiceCount =
      dialect.hasChoices ? try fields.integer("n", in: 1...limits.choiceCount) ?? 1 : 1
    maxTokens = try Self.maxTokens(&fields, dialect)
    stop = try Self.strings(&fields, dialect.stop, limits)
    stopTokens = Set(
      try fields.elements("stop_token_ids", atMost: Self.stopTokenCount)
        .map { elements throws(APIError) in try fields.tokens("stop_token_ids", elements) } ?? [])
    sampling = try Self.sampling(&fields, limits)
    try Self.refuseUnsupported(&fields)
    repetition = try RepetitionFields(&fields)
    sampling.logProbabilities = try dialect.logProbabilities(&fields)
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    format = try dialect.format(&fields, limits)
  }

  /// Whether the answer tells how likely its tokens were.
  var tellsScores: Bool { sampling.logProbabilities != nil }

  /// Refuses a model that writes nothing, and tokens that the model does not have, as OpenAI does.
  func check(_ model: BackendModel) throws(APIError) {
    guard !model.engine.facts.isEncoder else { throw .writesNothing(model: model.name) }
    let count = model.engine.facts.vocabularyCount
    if let id = sampling.logitBias.keys.filter({ $0 >= count }).min() {
      throw .tokenOutOfRange("logit_bias", id, vocabularyCount: count)
    }
    if let id = stopTokens.filter({ $0 >= count }).min() {
      throw .tokenOutOfRange("stop_token_ids", id, vocabularyCount: count)
    }
  }

  /// Whether something has to be compiled, or the vocabulary looked through, before an answer
  /// begins.
  var takesLong: Bool { format != nil || repetition != nil }

  /// The tokens that no repetition goes across. Looks through the vocabulary: not for the event
  /// loop.
  func breakers(_ model: BackendModel) -> Set<TokenID> {
    repetition.map { model.breakers.tokens(containing: $0.breakers, model.engine) } ?? []
  }

  /// The engine's requests for a prompt under these fields: one for each choice.
  ///
  /// - Parameters:
  ///   - breakers: what `breakers(_:)` found.
  ///   - constraint: what `format` says, and whatever else the answer must be.
  func requests(
    prompt: [TokenID], breakers: Set<TokenID>, constraint: Constraint?,
    markers: Set<TokenID> = []
  ) -> [GenerationRequest] {
    var sampling = sampling
    repetition?.apply(to: &sampling, breakers: breakers)
    var request = GenerationRequest(prompt: prompt)
    request.sampling = sampling
    request.maxTokens = maxTokens
    request.stop = stop
    request.ignoreEndOfGeneration = ignoresEnd
    request.constraint = constraint
    request.constraintMarkers = markers
    request.stopTokens = stopTokens
    return request.choices(choiceCount)
  }

  private static func maxTokens(
    _ fields: inout RequestFields, _ dialect: Dialect
  ) throws(APIError) -> Int? {
    var found: (name: String, count: Int)?
    let range = dialect.leastTokens...Int(Int32.max)
    for name in dialect.maxTokens {
      // llama.cpp writes "no limit" so.
      if name == "n_predict", fields.value(name) == -1 { continue }
      guard let count = try fields.integer(name, in: range) else { continue }
      if let found, found.count != count {
        throw fields.invalid(
          name, "invalid_value", "contradicts '\(found.name)'; send one of them")
      }
      found = found ?? (name, count)
    }
    return found?.count
  }

  /// Texts that end an answer: a string or several.
  private static func strings(
    _ fields: inout RequestFields, _ name: String, _ limits: Server.Limits
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
    guard strings.count <= limits.stopCount else {
      throw fields.invalid(
        name, "array_above_max_length",
        "has \(strings.count) strings; at most \(limits.stopCount) are accepted")
    }
    guard strings.allSatisfy({ (1...limits.stopBytes).contains($0.utf8.count) }) else {
      throw fields.invalid(
        name, "invalid_value", "must be strings of 1 to \(limits.stopBytes) bytes")
    }
    return strings
  }

  private static func sampling(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> SamplingOptions {
    var options = SamplingOptions()
    options.temperature = Float(
      try fields.number("temperature", in: SamplingRange.temperature) ?? 1)
    options.topP = Float(try fields.number("top_p", in: SamplingRange.topP) ?? 1)
    options.minP = Float(try fields.number("min_p", in: SamplingRange.minP) ?? 0)
    options.topK = max(0, try fields.integer("top_k", in: SamplingRange.topK) ?? 0)
    options.presencePenalty = Float(
      try fields.number("presence_penalty", in: SamplingRange.presencePenalty) ?? 0)
    options.frequencyPenalty = Float(
      try fields.number("frequency_penalty", in: SamplingRange.frequencyPenalty) ?? 0)
    try repeatPenalty(&fields, &options)
    options.logitBias = try logitBias(&fields, limits)
    options.minTokens = try fields.integer("min_tokens", in: 0...Int(Int32.max)) ?? 0
    options.typicalP = Float(try fields.number("typical_p", in: SamplingRange.typicalP) ?? 1)
    options.topNSigma = max(
      0, Float(try fields.number("top_n_sigma", in: SamplingRange.topNSigma) ?? 0))
    options.xtcProbability = Float(
      try fields.number("xtc_probability", in: SamplingRange.xtcProbability) ?? 0)
    options.xtcThreshold = Float(
      try fields.number("xtc_threshold", in: SamplingRange.xtcThreshold) ?? 0.1)
    options.temperatureRange = Float(
      try fields.number("dynatemp_range", in: SamplingRange.dynatempRange) ?? 0)
    options.temperatureExponent = Float(
      try fields.number("dynatemp_exponent", in: SamplingRange.dynatempExponent) ?? 1)
    options.mirostat = MirostatVersion(
      rawValue: try fields.integer("mirostat", in: SamplingRange.mirostat) ?? 0)
    options.mirostatTau = Float(
      try fields.number("mirostat_tau", in: SamplingRange.mirostatTau) ?? 5)
    options.mirostatEta = Float(
      try fields.number("mirostat_eta", in: SamplingRange.mirostatEta) ?? 0.1)
    options.adaptiveTarget = Float(
      try fields.number("adaptive_target", in: SamplingRange.adaptiveTarget) ?? -1)
    options.adaptiveDecay = Float(
      try fields.number("adaptive_decay", in: SamplingRange.adaptiveDecay) ?? 0.9)
    options.seed = try fields.integer("seed", in: Int.min...Int.max)
      .map { UInt64(bitPattern: Int64($0)) }
    return options
  }

  /// `repeat_penalty` of llama.cpp, over the recent text, or vLLM's `repetition_penalty`, over all.
  private static func repeatPenalty(
    _ fields: inout RequestFields, _ options: inout SamplingOptions
  ) throws(APIError) {
    let recent = try fields.number("repeat_penalty", in: SamplingRange.repeatPenalty)
    let whole = try fields.number("repetition_penalty", in: SamplingRange.repeatPenalty)
    if let recent, let whole, recent != whole {
      throw fields.invalid(
        "repetition_penalty", "invalid_value", "contradicts 'repeat_penalty'; send one of them")
    }
    options.repeatPenalty = Float(recent ?? whole ?? 1)
    let reachesAll = recent == nil && (whole ?? 1) != 1
    options.repeatLastN =
      try fields.integer("repeat_last_n", in: SamplingRange.repeatLastN) ?? (reachesAll ? -1 : 64)
  }

  /// Fields of vLLM that would change the answer.
  private static func refuseUnsupported(_ fields: inout RequestFields) throws(APIError) {
    try fields.refuseUnsupported(
      "bad_words", unless: { $0.arrayValue?.isEmpty == true }, "bias their tokens by 'logit_bias'")
    try fields.refuseUnsupported(
      "allowed_token_ids", unless: { _ in false }, "say what the answer may be by 'grammar'")
    try fields.refuseUnsupported(
      "prompt_logprobs", unless: { $0 == false },
      "send 'echo' and 'logprobs' to /v1/completions")
  }

  /// What is added to the logits of tokens, which stand there by their ids.
  private static func logitBias(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> [TokenID: Float] {
    guard var biases = try fields.fields("logit_bias") else { return [:] }
    guard biases.members.count <= limits.biasCount else {
      throw fields.invalid(
        "logit_bias", "object_above_max_size",
        "has \(biases.members.count) tokens; at most \(limits.biasCount) are accepted")
    }
    var result: [TokenID: Float] = [:]
    for name in biases.members.keys {
      guard let id = TokenID(name), id >= 0 else {
        throw fields.invalid("logit_bias", "invalid_value", "must have token ids for names")
      }
      result[id] = Float(try biases.number(name, in: SamplingRange.logitBias) ?? 0)
    }
    return result
  }
}
