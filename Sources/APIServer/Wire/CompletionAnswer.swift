// What a text completion is answered with: one JSON body, or the chunks of a stream.

import JSON
import Transformer

/// The shape of `text_completion`, which whole answers and chunks share.
struct CompletionAnswer: AnswerFormat {
  private let start: [UInt8]
  private let includesUsage: Bool
  private let choiceCount: Int
  /// What an answer begins with: the prompt where it is to be echoed.
  private let echo: String

  init(_ identity: AnswerIdentity, includesUsage: Bool, echo: String, choiceCount: Int = 1) {
    start = identity.opening(id: "cmpl-", object: "text_completion")
    self.includesUsage = includesUsage
    self.echo = echo
    self.choiceCount = choiceCount
  }

  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8] {
    var bytes = start
    for (index, content) in choices.enumerated() {
      bytes += (index == 0 ? "" : ",").utf8
      choice(index, echo + content.text, end.finishes[index], &bytes)
    }
    bytes += #"],"usage":"#.utf8
    bytes += end.usage.wireBytes
    bytes += "}".utf8
    return bytes
  }

  func open(_ bytes: inout [UInt8]) {
    guard !echo.isEmpty else { return }
    for index in 0..<choiceCount { chunk(index, echo, nil, &bytes) }
  }

  /// Nothing is looked for in a completion, so every piece is text.
  func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    if case .text(let text) = piece { chunk(choice, text, nil, &bytes) }
  }

  func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    for (index, finish) in end.finishes.enumerated() { chunk(index, "", finish, &bytes) }
    if includesUsage {
      bytes += "data: ".utf8
      bytes += start
      bytes += #"],"usage":"#.utf8
      bytes += end.usage.wireBytes
      bytes += "}\n\n".utf8
    }
    bytes += done.utf8
  }

  private func chunk(
    _ index: Int, _ text: String, _ finish: AnswerFinish?, _ bytes: inout [UInt8]
  ) {
    bytes += "data: ".utf8
    bytes += start
    choice(index, text, finish, &bytes)
    bytes += (includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8
  }

  private func choice(
    _ index: Int, _ text: String, _ finish: AnswerFinish?, _ bytes: inout [UInt8]
  ) {
    bytes += #"{"text":""#.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += "\",\"index\":\(index),\"logprobs\":null,\"finish_reason\":".utf8
    bytes += (finish.map { "\"\($0.rawValue)\"}" } ?? "null}").utf8
  }
}
