// The routes whose receipts count tokens, and how a request tells which of them it was sent to.

import JSON

/// A route that answers with tokens which a receipt counts.
package enum CountedRoute: String, CaseIterable, Sendable {
  case chat, completions, messages, responses, embeddings

  package var path: String { self == .chat ? "/v1/chat/completions" : "/v1/\(rawValue)" }

  /// The route that the fields of a request speak of; nil where they speak of none.
  ///
  /// - Parameter isAnswered: whether tokens came back. It tells a text for `/v1/responses` from
  ///   one for `/v1/embeddings`.
  package init?(request: JSONValue, isAnswered: Bool) {
    func has(_ names: String...) -> Bool {
      names.contains { name in request[name].map { !$0.isNull } ?? false }
    }
    if has("messages") {
      let isAnthropic = has("system", "stop_sequences", "thinking", "output_config")
      self = isAnthropic || Self.hasBlocks(request) ? .messages : .chat
    } else if has("prompt") {
      self = .completions
    } else if has("content", "encoding_format", "dimensions", "pooling") {
      self = .embeddings
    } else if has("input") {
      let hasItems = request["input"]?[0]?.objectValue != nil
      self = hasItems || isAnswered ? .responses : .embeddings
    } else {
      return nil
    }
  }

  /// Whether functions or messages are written as Anthropic's API has them.
  private static func hasBlocks(_ request: JSONValue) -> Bool {
    if request["tools"]?.arrayValue?.contains(where: { $0["input_schema"] != nil }) == true {
      return true
    }
    let blocks = ["tool_use", "tool_result", "thinking", "redacted_thinking"]
    return (request["messages"]?.arrayValue ?? []).contains { message in
      (message["content"]?.arrayValue ?? []).contains {
        blocks.contains($0["type"]?.stringValue ?? "")
      }
    }
  }
}
