// Functions for models whose template knows none: they are described in the system message, and
// calls and results become ordinary messages.

package import JSON

package enum PlainToolMessages {
  /// The messages of a conversation without any that a plain template does not know.
  ///
  /// - Parameter tools: as chat templates have them; nil for none.
  package static func rewritten(
    _ messages: [ChatMessage], tools: [JSONValue]?
  ) -> [ChatMessage] {
    var messages = messages.map { message in
      if message.role == "tool" {
        return ChatMessage.user("Result of the function call: \(message.content)")
      }
      guard let calls = message.extra["tool_calls"]?.arrayValue else { return message }
      let texts = calls.compactMap { $0["function"]?.serialized() }
      return ChatMessage.assistant(
        ([message.content] + texts).filter { !$0.isEmpty }.joined(separator: "\n"))
    }
    guard let tools else { return messages }
    if messages.first?.role == "system" {
      messages[0].content += "\n\n" + description(of: tools)
    } else {
      messages.insert(.system(description(of: tools)), at: 0)
    }
    return messages
  }

  private static func description(of tools: [JSONValue]) -> String {
    let functions = tools.compactMap { $0["function"]?.serialized() }
    return """
      You may call these functions, each described by a JSON object:
      \(functions.joined(separator: "\n"))
      To call a function, answer with nothing but a JSON object of this form:
      {"name": "the function's name", "arguments": {"a parameter": "its value"}}
      If no function is of use, answer in words.
      """
  }
}
