// The road from a request's body to an answer that has begun, the same for every endpoint that
// generates text.

import Constraints
import JSON
import Metering
import Tokenizer
import Transformer

/// The fields of a body that asks a model something.
protocol AnswerRequest: Sendable {
  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError)
  /// The model's name as the client wrote it.
  var model: String { get }
  /// Whether making the prompt takes long however short it is: something has to be compiled that
  /// the answer is held to, or the vocabulary looked through.
  var takesLong: Bool { get }
}

/// The fields of a body that holds a conversation.
protocol ConversationRequest: AnswerRequest {
  var conversation: ConversationFields { get }
  var generation: GenerationFields { get }
}

extension AnswerRequest {
  var takesLong: Bool { false }
}

extension ConversationRequest {
  var takesLong: Bool { conversation.tools != nil || generation.takesLong }
}

extension Exchange {
  /// The body's fields, the model they name, and what `prompt` makes of them for it.
  func read<Fields: AnswerRequest, Prompt: Sendable>(
    _: Fields.Type, prompt: @escaping @Sendable (Fields, BackendModel) throws -> Prompt
  ) async throws -> (fields: Fields, model: BackendModel, prompt: Prompt) {
    let (fields, model, made) = try await withJSONBody { [self] body throws in
      let fields = try Fields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict)
      return (fields, try self.model(named: fields.model), fields.takesLong)
    } make: {
      try prompt($0, $1)
    }
    return (fields, model, made)
  }

  /// Reads a conversation.
  func read<Fields: ConversationRequest>(
    _ type: Fields.Type
  ) async throws -> (fields: Fields, model: BackendModel, prompt: ConversationPrompt) {
    let owner = owner
    return try await read(type) { fields, model in
      try fields.generation.check(model)
      let conversation = fields.conversation
      let tokens = try model.prompt(conversation)
      let reading = model.reading(prompt: tokens, tools: conversation.tools)
      return ConversationPrompt(
        tokens: tokens, reading: reading,
        constraint: try model.constraint(
          conversation.tools, fields.generation.format, reading, owner: owner),
        breakers: fields.generation.breakers(model),
        reasoningLimit: conversation.thinking.budget.flatMap {
          model.output(conversation.tools).reasoningLimit(tokens: $0, reading)
        })
    }
  }

  /// Begins the answer to a conversation.
  func begin(
    _ fields: some ConversationRequest, _ model: BackendModel, _ prompt: ConversationPrompt
  ) async throws -> Answer {
    var requests = fields.generation.requests(
      prompt: prompt.tokens, breakers: prompt.breakers, constraint: prompt.constraint,
      markers: Set(prompt.reading.markers.keys))
    for index in requests.indices { requests[index].reasoningLimit = prompt.reasoningLimit }
    return try await Answer.begin(
      requests, kind: .chat, model: model, exchange: self, reading: prompt.reading)
  }
}

/// A conversation as the engine reads it, and what is made of its answer.
struct ConversationPrompt: Sendable {
  let tokens: [TokenID]
  let reading: OutputReading
  /// What the answer must be; nil for anything.
  let constraint: Constraint?
  /// The tokens that no repetition goes across.
  let breakers: Set<TokenID>
  /// What bounds its thoughts; nil for nothing.
  let reasoningLimit: ReasoningLimit?
}
