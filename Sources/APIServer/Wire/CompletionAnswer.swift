// What a text completion is answered with: one JSON body, or the chunks of a stream.

import JSON

/// The shape of `text_completion`, which whole answers and chunks share.
struct CompletionAnswer: AnswerFormat {
  private let start: [UInt8]
  private let includesUsage: Bool
  /// What an answer begins with: the prompt where it is to be echoed.
  private let echo: String

  init(_ identity: AnswerIdentity, includesUsage: Bool, echo: String) {
    start = identity.opening(id: "cmpl-", object: "text_completion")
    self.includesUsage = includesUsage
    self.echo = echo
  }

  func body(text: String, end: AnswerEnd) -> [UInt8] {
    start + choice(echo + text, end)
      + Array(#"],"usage":"#.utf8) + end.usage.wireBytes + Array("}".utf8)
  }

  func opening() -> [UInt8] { echo.isEmpty ? [] : content(echo) }

  func content(_ text: String) -> [UInt8] { chunk(choice(text, nil)) }

  func ending(_ end: AnswerEnd) -> [UInt8] {
    var bytes = chunk(choice("", end))
    if includesUsage {
      bytes += "data: ".utf8
      bytes += start
      bytes += #"],"usage":"#.utf8
      bytes += end.usage.wireBytes
      bytes += "}\n\n".utf8
    }
    bytes += done.utf8
    return bytes
  }

  private func choice(_ text: String, _ end: AnswerEnd?) -> [UInt8] {
    var bytes = Array(#"{"text":""#.utf8)
    JSONWriter.escape(text, into: &bytes)
    bytes += #"","index":0,"logprobs":null,"finish_reason":"#.utf8
    bytes += (end.map { "\"\($0.finishReason.rawValue)\"}" } ?? "null}").utf8
    return bytes
  }

  private func chunk(_ choice: [UInt8]) -> [UInt8] {
    Array("data: ".utf8) + start + choice
      + Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
  }
}
