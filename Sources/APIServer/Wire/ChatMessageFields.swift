// The messages of a chat: roles, content as text or as parts of text, calls and their results.

import JSON
import Transformer

enum ChatMessageFields {
  /// Roles that a message may have here. `developer` is what `system` is called in newer clients.
  private static let roles = ["system", "developer", "user", "assistant", "tool"]

  /// The `messages` of a request, at least one.
  static func messages(
    _ fields: inout RequestFields, atMost limit: Int
  ) throws(APIError) -> [ChatMessage] {
    guard let elements = try fields.elements("messages", atMost: limit) else {
      throw fields.missing("messages")
    }
    guard !elements.isEmpty else {
      throw fields.invalid("messages", "empty_array", "must have at least one message")
    }
    var messages: [ChatMessage] = []
    messages.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      var message = try fields.fields("messages", index, element)
      messages.append(try Self.message(&message))
    }
    return messages
  }

  private static func message(_ fields: inout RequestFields) throws(APIError) -> ChatMessage {
    guard let role = try fields.string("role") else { throw fields.missing("role") }
    guard roles.contains(role) else {
      throw fields.invalid(
        "role", "invalid_value", "must be one of system, developer, user, assistant and tool")
    }
    for name in ["function_call", "audio"] {
      try fields.refuseUnsupported(
        name, unless: { $0.arrayValue?.isEmpty == true }, "send messages without it")
    }
    let calls = try calls(&fields, role: role)
    let refusal = role == "assistant" ? try fields.string("refusal") : nil
    // What only calls functions, or refuses, may say nothing.
    var content = try content(
      &fields, isRequired: calls.isEmpty && refusal == nil,
      partTypes: role == "assistant" ? ["text", "refusal"] : ["text"], refusesUnknown: true)
    if content.isEmpty { content = refusal ?? "" }
    var message = ChatMessage(role: role == "developer" ? "system" : role, content: content)
    if let name = try fields.string("name") { message.extra["name"] = .string(name) }
    if !calls.isEmpty { message.extra["tool_calls"] = .array(calls) }
    if role == "tool" {
      guard let id = try fields.string("tool_call_id") else { throw fields.missing("tool_call_id") }
      message.extra["tool_call_id"] = .string(id)
    }
    if role == "assistant", let reasoning = try fields.string("reasoning_content") {
      message.extra["reasoning_content"] = .string(reasoning)
    }
    // OpenAI's answers have it, and clients send them back as they are.
    fields.passOver("annotations")
    try fields.end()
    return message
  }

  /// The calls that an assistant's message made.
  private static func calls(
    _ fields: inout RequestFields, role: String
  ) throws(APIError) -> [JSONValue] {
    guard let elements = try fields.elements("tool_calls", atMost: .max), !elements.isEmpty else {
      return []
    }
    guard role == "assistant" else {
      throw fields.invalid("tool_calls", "invalid_value", "belongs to an assistant's message")
    }
    var calls: [JSONValue] = []
    for (index, element) in elements.enumerated() {
      var call = try fields.fields("tool_calls", index, element)
      guard let id = try call.string("id") else { throw call.missing("id") }
      guard var function = try call.fields("function") else { throw call.missing("function") }
      guard let name = try function.string("name") else { throw function.missing("name") }
      calls.append(Self.call(id: id, name: name, arguments: try function.string("arguments")))
      try function.end()
      // Its place in a stream stays where a client has put a call together from one.
      call.passOver("type", "index")
      try call.end()
    }
    return calls
  }

  /// A call as chat templates have it: its arguments are an object where they are JSON's text of one.
  /// Clients write no text for no arguments.
  static func call(id: String, name: String, arguments: String?) -> JSONValue {
    let isGiven = arguments?.contains { !$0.isWhitespace } ?? false
    let text = isGiven ? arguments ?? "" : "{}"
    let parsed = try? JSONValue.parse(text, limits: JSONLimits(depth: 64))
    return [
      "id": .string(id), "type": "function",
      "function": [
        "name": .string(name),
        "arguments": parsed.flatMap { $0.objectValue }.map { .object($0) } ?? .string(text),
      ],
    ]
  }

  /// A string, or parts of text that are joined by line ends. What a model has refused is its text.
  ///
  /// - Parameter refusesUnknown: whether strict mode looks within the parts. Where clients send
  ///   back what they got elsewhere, parts may hold more.
  static func content(
    _ fields: inout RequestFields, _ name: String = "content", isRequired: Bool = true,
    partTypes: [String] = ["text"], refusesUnknown: Bool = false
  ) throws(APIError) -> String {
    switch fields.value(name) {
    case nil:
      if isRequired { throw fields.missing(name) }
      return ""
    case .string(let text):
      return text
    case .array(let parts):
      guard !parts.isEmpty || !isRequired else {
        throw fields.invalid(name, "empty_array", "must have at least one part")
      }
      var texts: [String] = []
      for (index, element) in parts.enumerated() {
        var part = try fields.fields(name, index, element)
        guard let type = try part.string("type") else { throw part.missing("type") }
        guard partTypes.contains(type) else {
          throw part.invalid(
            "type", "unsupported_value",
            "must be '\(partTypes[0])': no served model sees more")
        }
        // A refusal bears its words under its own name.
        let name = type == "refusal" ? "refusal" : "text"
        guard let text = try part.string(name) else { throw part.missing(name) }
        part.passOver(
          "annotations", "logprobs", "cache_control", "citations", "prompt_cache_breakpoint")
        if refusesUnknown { try part.end() }
        texts.append(text)
      }
      return texts.joined(separator: "\n")
    case .some(let other):
      throw fields.mistyped(name, "a string or an array of parts", other)
    }
  }
}
