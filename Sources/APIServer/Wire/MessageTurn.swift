// The blocks that messages of Anthropic's shape are made of.

import JSON
import Transformer

/// What one side says until the other does, in one message or several.
struct MessageTurn {
  let role: String
  private var results: [ChatMessage] = []
  private var texts: [String] = []
  private var calls: [JSONValue] = []
  private var thoughts: [String] = []

  init(role: String) { self.role = role }

  /// The messages that it becomes: a tool's result is a message of its own.
  var messages: [ChatMessage] {
    guard !texts.isEmpty || !calls.isEmpty || results.isEmpty else { return results }
    var message = ChatMessage(role: role, content: texts.joined(separator: "\n"))
    if !calls.isEmpty { message.extra["tool_calls"] = .array(calls) }
    if !thoughts.isEmpty {
      message.extra["reasoning_content"] = .string(thoughts.joined(separator: "\n"))
    }
    return results + [message]
  }

  /// Adds the content of a message of the role.
  mutating func add(_ fields: inout RequestFields) throws(APIError) {
    if case .string(let text)? = fields.value("content") {
      texts.append(text)
      return
    }
    guard let elements = try fields.elements("content", atMost: .max) else {
      throw fields.missing("content")
    }
    guard !elements.isEmpty else {
      throw fields.invalid("content", "empty_array", "must have at least one block")
    }
    for (index, element) in elements.enumerated() {
      var block = try fields.fields("content", index, element)
      guard let type = try block.string("type") else { throw block.missing("type") }
      switch (type, role) {
      case ("text", _):
        guard let text = try block.string("text") else { throw block.missing("text") }
        texts.append(text)
      case ("tool_result", "user"): results.append(try Self.result(&block))
      case ("tool_use", "assistant"): calls.append(try Self.call(&block))
      // Its signature is whoever's wrote it, and says nothing here.
      case ("thinking", "assistant"):
        if let text = try block.string("thinking"), !text.isEmpty { thoughts.append(text) }
      // What another server has encrypted says nothing here.
      case ("redacted_thinking", "assistant"): break
      default:
        throw block.invalid(
          "type", "unsupported_value", "is no block that this server reads in this place")
      }
    }
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
