// What a chat completion is answered with: one JSON body, or the chunks of a stream.
//
// Chunks are written from constant pieces with the escaped text between them. A token costs one
// copy this way, and a general encoder would cost sixty times as much.

import JSON
import Transformer

/// The shape of `chat.completion` and `chat.completion.chunk`.
struct ChatAnswer: AnswerFormat {
  private let wholeOpening: [UInt8]
  private let chunkOpening: [UInt8]
  private let chunkClosing: [UInt8]
  private let includesUsage: Bool
  private let tellsCost: Bool
  private let tellsScores: Bool
  /// The calls that each choice has begun.
  private var callCounts: [Int]

  /// - Parameters:
  ///   - stream: Whether a chunk of usage ends a stream, and what usage tells; where it does, the others
  ///     say `"usage":null`.
  ///   - tellsScores: Whether the log-probabilities of tokens are wanted.
  ///   - choiceCount: The choices of the answer.
  init(
    _ identity: AnswerIdentity, _ stream: StreamFields, tellsScores: Bool = false,
    choiceCount: Int = 1
  ) {
    includesUsage = stream.includesUsage
    tellsCost = stream.tellsCost
    wholeOpening = identity.opening(id: "chatcmpl-", object: "chat.completion")
    chunkOpening =
      Array("data: ".utf8) + identity.opening(id: "chatcmpl-", object: "chat.completion.chunk")
    chunkClosing = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    self.tellsScores = tellsScores
    callCounts = Array(repeating: 0, count: choiceCount)
  }

  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8] {
    var bytes = wholeOpening
    for (index, choice) in choices.enumerated() {
      bytes += (index == 0 ? "" : ",").utf8
      bytes += "{\"index\":\(index),\"message\":{\"role\":\"assistant\",\"content\":".utf8
      if choice.text.isEmpty, !choice.calls.isEmpty {
        bytes += "null".utf8
      } else {
        bytes += "\"".utf8
        JSONWriter.escape(choice.text, into: &bytes)
        bytes += "\"".utf8
      }
      bytes += #","refusal":null"#.utf8
      if !choice.reasoning.isEmpty {
        bytes += #","reasoning_content":""#.utf8
        JSONWriter.escape(choice.reasoning, into: &bytes)
        bytes += "\"".utf8
      }
      if !choice.calls.isEmpty {
        bytes += #","tool_calls":"#.utf8
        bytes += JSONValue.array(choice.calls.map(\.chatJSON)).utf8()
      }
      bytes += #"},"logprobs":"#.utf8
      logProbabilities(tellsScores ? choice.scores : nil, to: &bytes)
      bytes += #","finish_reason":"#.utf8
      bytes += end.finishReason(of: index).utf8
      bytes += "}".utf8
    }
    bytes += #"],"usage":"#.utf8
    bytes += end.wireUsage(tellsCost: tellsCost)
    bytes += "}".utf8
    return bytes
  }

  /// The first chunks: whose words follow.
  func open(_ bytes: inout [UInt8]) {
    for choice in callCounts.indices {
      chunk(choice, #""role":"assistant","content":"","refusal":null"#, to: &bytes)
    }
  }

  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    switch piece {
    case .text(let text, let scores):
      chunk(
        choice, #""content":""#, escaping: text, then: "\"",
        scores: scores.isEmpty ? nil : scores, to: &bytes)
    case .reasoning(let text):
      chunk(choice, #""reasoning_content":""#, escaping: text, then: "\"", to: &bytes)
    case .call(let id, let name):
      let call = ToolCall(id: id, name: name).chatJSON.objectValue ?? [:]
      var indexed: JSONObject = ["index": .integer(Int64(callCounts[choice]))]
      for (key, value) in call { indexed[key] = value }
      callCounts[choice] += 1
      chunk(
        choice, "\"tool_calls\":[\(JSONValue.object(indexed).serialized())]", to: &bytes)
    case .arguments(let text):
      let start =
        "\"tool_calls\":[{\"index\":\(callCounts[choice] - 1),\"function\":{\"arguments\":\""
      chunk(choice, start, escaping: text, then: "\"}}]", to: &bytes)
    }
  }

  func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    for choice in end.finishes.indices {
      chunk(choice, "", finishReason: end.finishReason(of: choice), to: &bytes)
    }
    if includesUsage {
      bytes += chunkOpening
      bytes += #"],"usage":"#.utf8
      bytes += end.wireUsage(tellsCost: tellsCost)
      bytes += "}\n\n".utf8
    }
    bytes += done.utf8
  }

  private func chunk(
    _ choice: Int, _ delta: String, escaping text: String = "", then rest: String = "",
    finishReason: String = "null", scores: [ScoredToken]? = nil, to bytes: inout [UInt8]
  ) {
    bytes += chunkOpening
    bytes += "{\"index\":\(choice),\"delta\":{".utf8
    bytes += delta.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += rest.utf8
    bytes += #"},"logprobs":"#.utf8
    logProbabilities(scores, to: &bytes)
    bytes += #","finish_reason":"#.utf8
    bytes += finishReason.utf8
    bytes += "}".utf8
    bytes += chunkClosing
  }

  private func logProbabilities(_ scores: [ScoredToken]?, to bytes: inout [UInt8]) {
    guard let scores else { return bytes += "null".utf8 }
    bytes += #"{"content":["#.utf8
    scores.writeElements(to: &bytes)
    bytes += #"],"refusal":null}"#.utf8
  }
}

extension ToolCall {
  /// The call as chat messages have it.
  fileprivate var chatJSON: JSONValue {
    [
      "id": .string(id), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
  }
}
