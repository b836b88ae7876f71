// An answer as a customer kept it: the JSON of a body, the events of a stream, or bare text.

import JSON

extension JSONLimits {
  /// Of what a customer kept, which some server took or wrote.
  static let kept = JSONLimits(
    byteCount: .max, valueCount: .max, depth: JSONLimits.greatestDepth)
}

/// What an answer that somebody kept has told.
package struct SavedAnswer: Sendable {
  /// One choice.
  struct Choice: Sendable {
    var text = ""
    var reasoning = ""
  }

  /// The route that gives such answers; nil for bare text.
  package private(set) var route: CountedRoute?
  private(set) var choices: [Choice] = []
  /// Whether functions are called in it.
  private(set) var hasCalls = false

  /// An answer whose text alone was kept, whatever it looks like.
  package init(text: [UInt8]) {
    choices = [Self.bare(text)]
  }

  /// - Throws: where the bytes are JSON or a stream, and no answer.
  package init(_ bytes: [UInt8]) throws(RecountError) {
    if let events = Self.events(bytes) {
      // What a stream tells beside its answer, errors too, has no tokens.
      for event in events { read(event) }
      guard route != nil else { throw RecountError("this is a stream, and holds no answer") }
      return
    }
    let first = bytes.first { !" \t\r\n".utf8.contains($0) }
    let isObject = first == UInt8(ascii: "{")
    guard isObject || first == UInt8(ascii: "[") else {
      choices = [Self.bare(bytes)]
      return
    }
    do {
      read(try JSONValue.parse(bytes, limits: .kept))
    } catch {
      guard isObject else {
        choices = [Self.bare(bytes)]
        return
      }
      throw RecountError("this begins as JSON and is none: \(error)")
    }
    guard route != nil else {
      throw RecountError("this is JSON, and no answer of a route whose tokens are counted")
    }
  }

  private static func bare(_ text: [UInt8]) -> Choice {
    Choice(text: String(decoding: text, as: UTF8.self))
  }

  /// The data of a stream's events; nil where the bytes are no stream.
  private static func events(_ bytes: [UInt8]) -> [JSONValue]? {
    let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    let data = "data:".utf8
    let fields = ["data:", "event:", "id:", "retry:", ":"]
    guard lines.contains(where: { $0.starts(with: data) }),
      lines.allSatisfy({ line in fields.contains { line.starts(with: $0.utf8) } })
    else { return nil }
    return lines.filter { $0.starts(with: data) }.compactMap {
      try? JSONValue.parse($0.dropFirst(data.count), limits: .kept)
    }
  }

  /// Takes what a body or an event tells; nothing where it is none that is known.
  private mutating func read(_ value: JSONValue) {
    let kind = value["object"]?.stringValue ?? value["type"]?.stringValue ?? ""
    switch kind {
    case "chat.completion", "chat.completion.chunk": readChoices(value, .chat)
    case "text_completion": readChoices(value, .completions)
    case "message":
      route = .messages
      for block in value["content"]?.arrayValue ?? [] { readBlock(block) }
    case "message_start", "content_block_stop", "message_delta", "message_stop": route = .messages
    case "content_block_start": readBlock(value["content_block"] ?? .null)
    case "content_block_delta": readBlock(value["delta"] ?? .null)
    case "response":
      route = .responses
      for item in value["output"]?.arrayValue ?? [] { readItem(item) }
    case "list" where value["data"]?[0]?["object"] == "embedding": route = .embeddings
    case _ where kind.hasPrefix("response."): readEvent(kind, value)
    default: break
    }
  }

  private mutating func readChoices(_ value: JSONValue, _ route: CountedRoute) {
    self.route = route
    for (place, choice) in (value["choices"]?.arrayValue ?? []).enumerated() {
      let message = choice["message"] ?? choice["delta"]
      if message?["tool_calls"]?.arrayValue?.isEmpty == false { hasCalls = true }
      add(
        text: message?["content"]?.stringValue ?? choice["text"]?.stringValue,
        reasoning: message?["reasoning_content"]?.stringValue,
        choice: choice["index"]?.intValue ?? place)
    }
  }

  /// A block of Anthropic's messages, or what is added to one.
  private mutating func readBlock(_ block: JSONValue) {
    route = .messages
    let type = block["type"]?.stringValue ?? ""
    if ["tool_use", "input_json_delta"].contains(type) { hasCalls = true }
    add(text: block["text"]?.stringValue, reasoning: block["thinking"]?.stringValue)
  }

  /// An item of a response's output.
  private mutating func readItem(_ item: JSONValue) {
    if item["type"] == "function_call" { hasCalls = true }
    for part in item["content"]?.arrayValue ?? [] {
      let text = part["text"]?.stringValue
      if part["type"] == "reasoning_text" { add(reasoning: text) } else { add(text: text) }
    }
  }

  /// An event of a response's stream. Of what is told several times the pieces count.
  private mutating func readEvent(_ kind: String, _ value: JSONValue) {
    route = .responses
    switch kind {
    case "response.output_text.delta": add(text: value["delta"]?.stringValue)
    case "response.reasoning_text.delta": add(reasoning: value["delta"]?.stringValue)
    case "response.output_item.added":
      if value["item"]?["type"] == "function_call" { hasCalls = true }
    default: break
    }
  }

  private mutating func add(text: String? = nil, reasoning: String? = nil, choice: Int = 0) {
    guard (0..<1024).contains(choice) else { return }
    while choices.count <= choice { choices.append(Choice()) }
    choices[choice].text += text ?? ""
    choices[choice].reasoning += reasoning ?? ""
  }
}
