// The messages of a chat: roles, and content as text or as parts of text.

import JSON
import Transformer

enum ChatMessageFields {
  /// Roles that a message may have here. `developer` is what `system` is called in newer clients.
  private static let roles = ["system", "developer", "user", "assistant"]

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
    if role == "tool" || role == "function" {
      throw fields.invalid("role", "unsupported_value", "cannot be a tool's: this server has none")
    }
    guard roles.contains(role) else {
      throw fields.invalid(
        "role", "invalid_value", "must be one of system, developer, user and assistant")
    }
    for name in ["tool_calls", "function_call", "audio"] {
      try fields.refuseUnsupported(
        name, unless: { $0.arrayValue?.isEmpty == true }, "send messages without it")
    }
    var message = ChatMessage(
      role: role == "developer" ? "system" : role, content: try content(&fields))
    if let name = try fields.string("name") { message.extra["name"] = .string(name) }
    return message
  }

  /// A string, or parts of text that are joined by line ends.
  private static func content(_ fields: inout RequestFields) throws(APIError) -> String {
    switch fields.value("content") {
    case nil:
      throw fields.missing("content")
    case .string(let text):
      return text
    case .array(let parts):
      guard !parts.isEmpty else {
        throw fields.invalid("content", "empty_array", "must have at least one part")
      }
      var texts: [String] = []
      for (index, element) in parts.enumerated() {
        var part = try fields.fields("content", index, element)
        guard let type = try part.string("type") else { throw part.missing("type") }
        guard type == "text" else {
          throw part.invalid(
            "type", "unsupported_value", "must be 'text': no served model sees more")
        }
        guard let text = try part.string("text") else { throw part.missing("text") }
        texts.append(text)
      }
      return texts.joined(separator: "\n")
    case .some(let other):
      throw fields.mistyped("content", "a string or an array of parts", other)
    }
  }
}
