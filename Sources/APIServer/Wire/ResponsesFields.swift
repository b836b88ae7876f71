// The body of a request to the Responses API as the server uses it.

import JSON
import Transformer

/// `POST /v1/responses`, taken apart.
struct ResponsesFields: ConversationRequest {
  let model: String
  let conversation: ConversationFields
  let isStreamed: Bool
  let generation: GenerationFields
  /// What the answer repeats of the request.
  let echo: JSONObject

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    var fields = try RequestFields(body: body, isStrict: isStrict)
    guard let model = try fields.string("model") else { throw fields.missing("model") }
    self.model = model
    let instructions = try fields.string("instructions")
    var messages = instructions.map { [ChatMessage.system($0)] } ?? []
    messages += try ResponsesInput.messages(&fields, atMost: limits.messageCount)
    var conversation = ConversationFields(
      messages: messages, tools: try ToolFields.responses(&fields, limits: limits))
    conversation.templateVariables = try fields.fields("chat_template_kwargs")?.members ?? [:]
    conversation.thinking = try ThinkingFields(responses: &fields)
    if var text = try fields.fields("text") { try conversation.read(verbosity: &text) }
    self.conversation = conversation
    isStreamed = try fields.bool("stream") ?? false
    generation = try GenerationFields(&fields, of: .responses, limits: limits)
    try Self.refuseUnsupported(&fields)
    try Self.refuseMemory(&fields)
    for name in [
      "metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
      "prompt_cache_retention", "stream_options", "max_tool_calls",
    ] {
      _ = fields.value(name)
    }
    try fields.end()
    let choice: JSONValue = body["tool_choice"] == "none" ? "none" : "auto"
    echo = [
      "instructions": instructions.map { .string($0) } ?? .null,
      "max_output_tokens": generation.maxTokens.map { .integer(Int64($0)) } ?? .null,
      "parallel_tool_calls": .bool(conversation.tools?.allowsSeveral ?? true),
      "top_logprobs": .integer(Int64(generation.sampling.logProbabilities ?? 0)),
      "temperature": Self.asked(body["temperature"])
        ?? .number(Double(generation.sampling.temperature)),
      "top_p": Self.asked(body["top_p"]) ?? .number(Double(generation.sampling.topP)),
      "tool_choice": conversation.tools?.choiceJSON ?? choice,
      "tools": .array(body["tools"]?.arrayValue ?? []),
      "reasoning": [
        "effort": conversation.thinking.effort.map { .string($0) } ?? .null, "summary": .null,
      ],
      "text": Self.text(body["text"]?["format"], conversation.verbosity),
      "metadata": Self.asked(body["metadata"]) ?? [:],
    ]
  }

  /// A value as the request wrote it; nil where it has none.
  private static func asked(_ value: JSONValue?) -> JSONValue? {
    value.flatMap { $0.isNull ? nil : $0 }
  }

  /// `text` as the answer repeats it.
  private static func text(_ format: JSONValue?, _ verbosity: String?) -> JSONValue {
    ["format": asked(format) ?? ["type": "text"], "verbosity": .string(verbosity ?? "medium")]
  }

  private static func refuseUnsupported(_ fields: inout RequestFields) throws(APIError) {
    let leaveOut = "leave it out"
    try fields.refuseUnsupported(
      "service_tier", unless: { $0 == "auto" || $0 == "default" }, leaveOut)
    try fields.refuseUnsupported(
      "truncation", unless: { $0 == "disabled" }, "shorten the conversation, or leave it out")
    for name in ["prompt", "grammar", "json_schema", "response_format", "moderation"] {
      try fields.refuseUnsupported(name, unless: { _ in false }, leaveOut)
    }
    try fields.refuseUnsupported(
      "context_management", unless: { $0.arrayValue?.isEmpty == true }, leaveOut)
    try fields.refuseUnsupported(
      "background_options", unless: { $0.objectValue?.isEmpty == true }, leaveOut)
  }

  /// Nothing is kept, so nothing can be gone back to.
  private static func refuseMemory(_ fields: inout RequestFields) throws(APIError) {
    for name in ["store", "background"] {
      try fields.refuseUnsupported(
        name, unless: { $0 == false }, "nothing is kept; send the whole conversation each time")
    }
    for name in ["previous_response_id", "conversation"] {
      try fields.refuseUnsupported(
        name, unless: { _ in false }, "nothing is kept; send the whole conversation each time")
    }
  }
}

/// The input of a response: text, or items of a conversation.
enum ResponsesInput {
  private static let roles = ["system", "developer", "user", "assistant"]

  static func messages(
    _ fields: inout RequestFields, atMost limit: Int
  ) throws(APIError) -> [ChatMessage] {
    guard let input = fields.value("input") else { throw fields.missing("input") }
    if case .string(let text) = input { return [.user(text)] }
    guard case .array = input else {
      throw fields.mistyped("input", "a string or an array of items", input)
    }
    let elements = try fields.elements("input", atMost: limit) ?? []
    guard !elements.isEmpty else {
      throw fields.invalid("input", "empty_array", "must have at least one item")
    }
    var messages: [ChatMessage] = []
    // What was thought in front of the assistant's next message or call.
    var reasoning = ""
    for (index, element) in elements.enumerated() {
      var item = try fields.fields("input", index, element)
      switch try item.string("type") ?? "message" {
      case "message":
        messages.append(try message(&item))
        give(&reasoning, to: &messages)
      case "function_call":
        try addCall(&item, to: &messages)
        give(&reasoning, to: &messages)
      case "function_call_output":
        guard let id = try item.string("call_id") else { throw item.missing("call_id") }
        let text = try ChatMessageFields.content(
          &item, "output", partTypes: ["input_text", "output_text"])
        messages.append(
          ChatMessage(role: "tool", content: text, extra: ["tool_call_id": .string(id)]))
      case "reasoning": reasoning = joined(reasoning, try thoughts(&item))
      case "item_reference":
        throw item.invalid(
          "type", "unsupported_value",
          "is 'item_reference', and nothing is kept here: send the item itself ('store: false' in "
            + "the client)")
      default:
        throw item.invalid("type", "unsupported_value", "is no item that this server reads")
      }
    }
    guard !messages.isEmpty else {
      throw fields.invalid("input", "empty_array", "must have at least one message")
    }
    return messages
  }

  private static func message(_ item: inout RequestFields) throws(APIError) -> ChatMessage {
    guard let role = try item.string("role") else { throw item.missing("role") }
    guard roles.contains(role) else {
      throw item.invalid(
        "role", "invalid_value", "must be one of system, developer, user and assistant")
    }
    let text = try ChatMessageFields.content(
      &item,
      partTypes: ["input_text", "output_text", "text"] + (role == "assistant" ? ["refusal"] : []))
    return ChatMessage(role: role == "developer" ? "system" : role, content: text)
  }

  /// The words of a reasoning item. What another server has encrypted or summed up is none.
  private static func thoughts(_ item: inout RequestFields) throws(APIError) -> String {
    var texts: [String] = []
    let elements = try item.elements("content", atMost: .max) ?? []
    for (index, element) in elements.enumerated() {
      var part = try item.fields("content", index, element)
      guard try part.string("type") == "reasoning_text", let text = try part.string("text") else {
        continue
      }
      texts.append(text)
    }
    return texts.joined(separator: "\n")
  }

  /// Gives what was thought to the assistant's message that it stood in front of, or within:
  /// between calls of one message.
  private static func give(_ reasoning: inout String, to messages: inout [ChatMessage]) {
    if !reasoning.isEmpty, messages.last?.role == "assistant" {
      let last = messages.count - 1
      let before = messages[last].extra["reasoning_content"]?.stringValue ?? ""
      messages[last].extra["reasoning_content"] = .string(joined(before, reasoning))
    }
    reasoning = ""
  }

  private static func joined(_ first: String, _ second: String) -> String {
    [first, second].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// A call belongs to the assistant's message in front of it, or makes one.
  private static func addCall(
    _ item: inout RequestFields, to messages: inout [ChatMessage]
  ) throws(APIError) {
    guard let id = try item.string("call_id") else { throw item.missing("call_id") }
    guard let name = try item.string("name") else { throw item.missing("name") }
    let call = ChatMessageFields.call(
      id: id, name: name, arguments: try item.string("arguments"))
    if messages.last?.role != "assistant" { messages.append(.assistant("")) }
    let last = messages.count - 1
    let calls = messages[last].extra["tool_calls"]?.arrayValue ?? []
    messages[last].extra["tool_calls"] = .array(calls + [call])
  }
}
