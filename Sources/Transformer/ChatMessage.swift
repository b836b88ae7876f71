// One message of a conversation.

public import JSON

/// A message as chat templates see it.
public struct ChatMessage: Sendable, Equatable {
  /// `system`, `user`, `assistant`, `tool`, or what else the template knows.
  public var role: String
  public var content: String
  /// Further members: `tool_calls`, `name`, `reasoning_content`, ...
  public var extra: JSONObject

  public init(role: String, content: String, extra: JSONObject = [:]) {
    self.role = role
    self.content = content
    self.extra = extra
  }

  public static func system(_ content: String) -> ChatMessage {
    ChatMessage(role: "system", content: content)
  }

  public static func user(_ content: String) -> ChatMessage {
    ChatMessage(role: "user", content: content)
  }

  public static func assistant(_ content: String) -> ChatMessage {
    ChatMessage(role: "assistant", content: content)
  }

  /// The message as a template variable.
  var json: JSONValue {
    var object: JSONObject = ["role": .string(role), "content": .string(content)]
    for (key, value) in extra { object[key] = value }
    return .object(object)
  }
}
