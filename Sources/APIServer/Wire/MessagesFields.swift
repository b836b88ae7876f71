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
    for (index, element) in elements.enumerated() {
      var message = try fields.fields("messages", index, element)
      guard let role = try message.string("role") else { throw message.missing("role") }
      guard role == "user" || role == "assistant" else {
        throw message.invalid(
          "role", "invalid_value", "must be user or assistant; 'system' is a field of its own")
      }
      messages += try MessageBlocks.messages(&message, role: role)
    }
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

/// The blocks that a message of Anthropic's shape is made of.
enum MessageBlocks {
  /// The messages that one becomes: a tool's result is a message of its own.
  static func messages(
    _ fields: inout RequestFields, role: String
  ) throws(APIError) -> [ChatMessage] {
    if case .string(let text)? = fields.value("content") {
      return [ChatMessage(role: role, content: text)]
    }
    guard let elements = try fields.elements("content", atMost: .max) else {
      throw fields.missing("content")
    }
    guard !elements.isEmpty else {
      throw fields.invalid("content", "empty_array", "must have at least one block")
    }
    var results: [ChatMessage] = []
    var texts: [String] = []
    var calls: [JSONValue] = []
    var reasoning = ""
    for (index, element) in elements.enumerated() {
      var block = try fields.fields("content", index, element)
      guard let type = try block.string("type") else { throw block.missing("type") }
      switch (type, role) {
      case ("text", _):
        guard let text = try block.string("text") else { throw block.missing("text") }
        texts.append(text)
      case ("tool_result", "user"): results.append(try result(&block))
      case ("tool_use", "assistant"): calls.append(try call(&block))
      case ("thinking", "assistant"): reasoning += try block.string("thinking") ?? ""
      // What another server has encrypted says nothing here.
      case ("redacted_thinking", "assistant"): break
      default:
        throw block.invalid(
          "type", "unsupported_value", "is no block that this server reads in this place")
      }
    }
    guard !texts.isEmpty || !calls.isEmpty || results.isEmpty else { return results }
    var message = ChatMessage(role: role, content: texts.joined(separator: "\n"))
    if !calls.isEmpty { message.extra["tool_calls"] = .array(calls) }
    if !reasoning.isEmpty { message.extra["reasoning_content"] = .string(reasoning) }
    return results + [message]
  }

  private static func result(_ block: inout RequestFields) throws(APIError) -> ChatMessage {
    guard let id = try block.string("tool_use_id") else { throw block.missing("tool_use_id") }
    _ = try block.bool("is_error")
    let text = try ChatMessageFields.content(&block, isRequired: false)
    return ChatMessage(role: "tool", content: text, extra: ["tool_call_id": .string(id)])
  }

  private static func call(_ block: inout RequestFields) throws(APIError) -> JSONValue {
    guard let id = try block.string("id") else { throw block.missing("id") }
    guard let name = try block.string("name") else { throw block.missing("name") }
    guard let input = try block.fields("input") else { throw block.missing("input") }
    return [
      "id": .string(id), "type": "function",
      "function": ["name": .string(name), "arguments": .object(input.members)],
    ]
  }
}
