// What was said in a conversation.

import JSON

/// The entries of a conversation, oldest first.
public struct Transcript: Sendable, Equatable, Codable {
  public enum Entry: Sendable, Equatable, Codable {
    /// What the model shall be and do, before all else.
    case instructions(String)
    case prompt(String)
    /// Calls that the model asked for, with the words before them.
    case toolCalls([ToolCall], words: String)
    /// What a call gave.
    case toolOutput(String, of: ToolCall)
    case response(String)
  }

  public var entries: [Entry]

  public init(entries: [Entry] = []) { self.entries = entries }

  /// The conversation as chat templates see it.
  var messages: [ChatMessage] { entries.map(\.message) }
}

extension Transcript: RandomAccessCollection {
  public var startIndex: Int { entries.startIndex }
  public var endIndex: Int { entries.endIndex }
  public subscript(index: Int) -> Entry { entries[index] }
}

extension Transcript.Entry {
  var message: ChatMessage {
    switch self {
    case .instructions(let text): .system(text)
    case .prompt(let text): .user(text)
    case .response(let text): .assistant(text)
    case .toolCalls(let calls, let words):
      ChatMessage(
        role: "assistant", content: words, extra: ["tool_calls": .array(calls.map(\.json))])
    case .toolOutput(let text, let call):
      ChatMessage(
        role: "tool", content: text,
        extra: ["tool_call_id": .string(call.id), "name": .string(call.name)])
    }
  }
}

extension ToolCall {
  /// As chat templates have it.
  fileprivate var json: JSONValue {
    let object = (try? JSONValue.parse(arguments, limits: JSONLimits(depth: 64)))?.objectValue
    return [
      "id": .string(id), "type": "function",
      "function": [
        "name": .string(name),
        "arguments": object.map { .object($0) } ?? .string(arguments),
      ],
    ]
  }
}
