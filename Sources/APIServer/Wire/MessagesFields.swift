// The body of a request in Anthropic's shape as the server uses it.

import JSON
import Transformer

/// `POST /v1/messages`, taken apart.
struct MessagesFields: ConversationRequest {
  let model: String
  let conversation: ConversationFields
  let isStreamed: Bool
  let generation: GenerationFields

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    try self.init(body: body, limits: limits, isStrict: isStrict, generates: true)
  }

  /// - Parameter generates: Whether an answer is wanted, so that `max_tokens` is required; it is
  ///   not where tokens are only counted.
  fileprivate init(
    body: JSONValue, limits: Server.Limits, isStrict: Bool, generates: Bool
  ) throws(APIError) {
    var fields = try RequestFields(body: body, isStrict: isStrict)
    guard let model = try fields.string("model") else { throw fields.missing("model") }
    self.model = model
    var conversation = ConversationFields(
      messages: try Self.messages(&fields, limits: limits),
      tools: try ToolFields.messages(&fields, limits: limits))
    // An answer goes on with the assistant's message that ends the conversation.
    conversation.continuesFinalMessage = conversation.messages.last?.role == "assistant"
    conversation.addsGenerationPrompt = !conversation.continuesFinalMessage
    conversation.templateVariables = try fields.fields("chat_template_kwargs")?.members ?? [:]
    isStreamed = try fields.bool("stream") ?? false
    generation = try GenerationFields(&fields, of: .messages, limits: limits)
    conversation.thinking = try ThinkingFields(messages: &fields, maxTokens: generation.maxTokens)
    self.conversation = conversation
    if generates, generation.maxTokens == nil { throw fields.missing("max_tokens") }
    try Self.refuseUnsupported(&fields)
    for name in ["metadata", "service_tier", "cache_control"] { _ = fields.value(name) }
    try fields.end()
  }

  private static func messages(
    _ fields: inout RequestFields, limits: Server.Limits
  ) throws(APIError) -> [ChatMessage] {
    guard let elements = try fields.elements("messages", atMost: limits.messageCount) else {
      throw fields.missing("messages")
    }
    guard !elements.isEmpty else {
      throw fields.invalid("messages", "empty_array", "must have at least one message")
    }
    let system = try ChatMessageFields.content(&fields, "system", isRequired: false)
    var messages: [ChatMessage] = system.isEmpty ? [] : [.system(system)]
    // Neighbours of one role are one turn.
    var turn: MessageTurn?
    for (index, element) in elements.enumerated() {
      var message = try fields.fields("messages", index, element)
      guard let role = try message.string("role") else { throw message.missing("role") }
      guard ["user", "assistant", "system"].contains(role) else {
        throw message.invalid("role", "invalid_value", "must be user, assistant or system")
      }
      if let whole = turn, whole.role != role {
        messages += whole.messages
        turn = nil
      }
      if role == "system" {
        messages.append(.system(try ChatMessageFields.content(&message)))
      } else {
        var open = turn ?? MessageTurn(role: role)
        try open.add(&message)
        turn = open
      }
    }
    messages += turn?.messages ?? []
    guard let last = messages.last, last.role != "assistant" || last.canBeContinued else {
      throw fields.invalid(
        "messages", "unsupported_value",
        "must not end with an assistant's message without text, or with calls that no result follows: "
          + "neither can be continued")
    }
    return messages
  }

  private static func refuseUnsupported(_ fields: inout RequestFields) throws(APIError) {
    let leaveOut = "leave it out"
    for name in [
      "grammar", "json_schema", "response_format", "mcp_servers", "container", "context_management",
      "output_format",
    ] {
      try fields.refuseUnsupported(
        name, unless: { $0.arrayValue?.isEmpty == true || $0.objectValue?.isEmpty == true },
        leaveOut)
    }
    // Where it is computed is the operator's to say: anywhere is all that can be promised.
    try fields.refuseUnsupported("inference_geo", unless: { $0 == "global" }, leaveOut)
    try fields.refuseUnsupported("speed", unless: { $0 == "standard" }, leaveOut)
  }
}

/// `POST /v1/messages/count_tokens`, taken apart: a message that wants no answer.
struct MessagesCountFields: AnswerRequest {
  let message: MessagesFields
  var model: String { message.model }

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    message = try MessagesFields(body: body, limits: limits, isStrict: isStrict, generates: false)
  }
}
