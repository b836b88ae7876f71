// What a request in Anthropic's shape is answered with: one message, or the events that build it.

import JSON
import Metering
import Transformer

/// The shape of `message` and of its events.
struct MessagesAnswer: AnswerFormat {
  private enum Block {
    case text
    case thinking
    case call
  }

  private let id: String
  private let model: String
  private let promptTokens: Int
  /// Tokens of the answer at most, as the request says.
  private let maxTokens: Int
  /// The block that is being told.
  private var block: Block?
  private var blockCount = 0

  /// Stands behind what was thought, where Anthropic proves that it thought it. Clients want some
  /// text there, and send it back.
  private static let signature = "YXB1cw=="

  init(_ identity: AnswerIdentity, promptTokens: Int, maxTokens: Int) {
    id = "msg_\(identity.requestID)"
    model = identity.model
    self.promptTokens = promptTokens
    self.maxTokens = maxTokens
  }

  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8] {
    let choice = choices[0]
    var content: [JSONValue] = []
    if !choice.reasoning.isEmpty {
      content.append([
        "type": "thinking", "thinking": .string(choice.reasoning),
        "signature": .string(Self.signature),
      ])
    }
    if !choice.text.isEmpty { content.append(["type": "text", "text": .string(choice.text)]) }
    for call in choice.calls {
      let input = (try? JSONValue.parse(call.arguments))?.objectValue ?? [:]
      content.append([
        "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
        "input": .object(input),
      ])
    }
    return message(content, stop: stop(end), usage: end.usage.messagesJSON).utf8()
  }

  func open(_ bytes: inout [UInt8]) {
    let usage = TokenUsage(promptTokens: Int64(promptTokens)).messagesJSON
    event(
      "message_start", ["message": message([], stop: Self.noStop, usage: usage)], &bytes)
  }

  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    switch piece {
    case .text(let text, _):
      begin(.text, ["type": "text", "text": ""], &bytes)
      delta("text_delta", "text", text, &bytes)
    case .reasoning(let text):
      begin(.thinking, ["type": "thinking", "thinking": "", "signature": ""], &bytes)
      delta("thinking_delta", "thinking", text, &bytes)
    case .call(let id, let name):
      endBlock(&bytes)
      begin(
        .call, ["type": "tool_use", "id": .string(id), "name": .string(name), "input": [:]], &bytes)
    case .arguments(let text):
      delta("input_json_delta", "partial_json", text, &bytes)
    }
  }

  mutating func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    endBlock(&bytes)
    event(
      "message_delta",
      ["delta": .object(stop(end)), "usage": end.usage.messagesJSON], &bytes)
    event("message_stop", [:], &bytes)
  }

  func fail(_ error: APIError, _ bytes: inout [UInt8]) {
    bytes += "event: error\ndata: ".utf8
    bytes += error.body(in: .anthropic)
    bytes += "\n\n".utf8
  }

  /// Of a message that goes on.
  private static let noStop: JSONObject = ["stop_reason": .null, "stop_sequence": .null]

  /// Why the message ended.
  private func stop(_ end: AnswerEnd) -> JSONObject {
    switch end.finishes[0] {
    case .stop:
      guard let text = end.stopTexts[0] else {
        return ["stop_reason": "end_turn", "stop_sequence": .null]
      }
      return ["stop_reason": "stop_sequence", "stop_sequence": .string(text)]
    case .length:
      // Nothing else ends an answer before its own limit, but for a budget.
      let isFull = !end.isBudgetSpent && end.usage.completionTokens < Int64(maxTokens)
      return [
        "stop_reason": isFull ? "model_context_window_exceeded" : "max_tokens",
        "stop_sequence": .null,
      ]
    case .toolCalls: return ["stop_reason": "tool_use", "stop_sequence": .null]
    }
  }

  private func message(
    _ content: [JSONValue], stop: JSONObject, usage: JSONValue
  ) -> JSONValue {
    var message: JSONObject = [
      "id": .string(id), "type": "message", "role": "assistant", "model": .string(model),
      "content": .array(content),
    ]
    for (key, value) in stop { message[key] = value }
    message["usage"] = usage
    return .object(message)
  }

  private mutating func begin(_ kind: Block, _ start: JSONValue, _ bytes: inout [UInt8]) {
    guard block != kind else { return }
    endBlock(&bytes)
    block = kind
    event(
      "content_block_start",
      ["index": .integer(Int64(blockCount)), "content_block": start], &bytes)
  }

  private mutating func endBlock(_ bytes: inout [UInt8]) {
    guard let block else { return }
    if block == .thinking { delta("signature_delta", "signature", Self.signature, &bytes) }
    event("content_block_stop", ["index": .integer(Int64(blockCount))], &bytes)
    self.block = nil
    blockCount += 1
  }

  /// The event of a token, from constant pieces.
  private func delta(_ type: String, _ member: String, _ text: String, _ bytes: inout [UInt8]) {
    let start = """
      event: content_block_delta
      data: {"type":"content_block_delta","index":\(blockCount),\
      "delta":{"type":"\(type)","\(member)":"
      """
    bytes += start.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += "\"}}\n\n".utf8
  }

  private func event(_ name: String, _ members: JSONObject, _ bytes: inout [UInt8]) {
    bytes += "event: \(name)\ndata: ".utf8
    var object: JSONObject = ["type": .string(name)]
    for (key, value) in members { object[key] = value }
    bytes += JSONValue.object(object).utf8()
    bytes += "\n\n".utf8
  }
}

extension TokenUsage {
  /// The `usage` object in Anthropic's shape: tokens out of a cache are not among `input_tokens`.
  var messagesJSON: JSONValue {
    [
      "input_tokens": .integer(promptTokens - cachedPromptTokens),
      "cache_creation_input_tokens": 0, "cache_read_input_tokens": .integer(cachedPromptTokens),
      "output_tokens": .integer(completionTokens),
      "output_tokens_details": ["thinking_tokens": .integer(reasoningTokens)],
    ]
  }
}
