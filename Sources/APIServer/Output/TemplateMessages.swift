// Messages as chat templates take them: what clients send, and some templates refuse or do not read.

import JSON
import Transformer

extension [ChatMessage] {
  /// With the system messages that lead as one, blank lines between them: many templates take no
  /// second one. Nil where no two lead.
  var joiningLeadingSystem: [ChatMessage]? {
    let leading = prefix { $0.role == "system" }
    guard leading.count > 1 else { return nil }
    var first = leading[0]
    first.content = leading.map(\.content).filter { !$0.isEmpty }.joined(separator: "\n\n")
    return [first] + dropFirst(leading.count)
  }

  /// With system messages behind the first message as the user's, each joined with what the user
  /// says beside it; nil where there are none.
  var turningLaterSystem: [ChatMessage]? {
    guard dropFirst().contains(where: { $0.role == "system" }) else { return nil }
    var messages = Array(prefix(1))
    for message in dropFirst() {
      let isSystem = message.role == "system"
      if isSystem || message.role == "user", messages[messages.count - 1].role == "user" {
        messages[messages.count - 1].content += "\n\n" + message.content
      } else {
        messages.append(isSystem ? .user(message.content) : message)
      }
    }
    return messages
  }

  /// With the members that a template reads, as it reads them.
  func written(for output: ModelOutput) -> [ChatMessage] {
    guard output.readsThinking || output.toolFormat.hasShortIDs else { return self }
    return map { message in
      var message = message
      if output.readsThinking { message.tellThoughtsBeforeCalls() }
      if output.toolFormat.hasShortIDs { message.shortenIDs() }
      return message
    }
  }
}

extension ChatMessage {
  /// Templates that read `thinking` take no words beside it in a message with calls.
  fileprivate mutating func tellThoughtsBeforeCalls() {
    guard content.isEmpty, extra["tool_calls"] != nil, extra["thinking"] == nil else { return }
    extra["thinking"] = extra["reasoning_content"]
  }

  /// Ids of calls may come from another server. Call and result keep the same one.
  fileprivate mutating func shortenIDs() {
    if let id = extra["tool_call_id"]?.stringValue {
      extra["tool_call_id"] = .string(Self.short(id))
    }
    guard let calls = extra["tool_calls"]?.arrayValue else { return }
    extra["tool_calls"] = .array(
      calls.map { call in
        guard var object = call.objectValue, let id = object["id"]?.stringValue else { return call }
        object["id"] = .string(Self.short(id))
        return .object(object)
      })
  }

  /// The id where it is nine letters and digits, else nine letters of its hash (FNV-1a), which are
  /// the same wherever and whenever a prompt is counted.
  private static func short(_ id: String) -> String {
    let isShort = id.count == 9 && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    guard !isShort else { return id }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var letters = ""
    for _ in 0..<9 {
      letters.unicodeScalars.append(Unicode.Scalar(UInt8(ascii: "a") + UInt8(hash % 26)))
      hash /= 26
    }
    return letters
  }
}
