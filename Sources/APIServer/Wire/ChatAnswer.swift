// What a chat completion is answered with: one JSON body, or the chunks of a stream.
//
// Chunks are written from constant pieces with the escaped text between them. A token costs one
// copy this way, and a general encoder would cost sixty times as much.

import JSON

/// The shape of `chat.completion` and `chat.completion.chunk`.
struct ChatAnswer: AnswerFormat {
  private let wholeOpening: [UInt8]
  private let chunkOpening: [UInt8]
  private let chunkClosing: [UInt8]
  private let includesUsage: Bool

  /// - Parameter includesUsage: Whether a chunk of usage ends a stream; the others then say
  ///   `"usage":null`.
  init(_ identity: AnswerIdentity, includesUsage: Bool) {
    wholeOpening = identity.opening(id: "chatcmpl-", object: "chat.completion")
    chunkOpening =
      Array("data: ".utf8) + identity.opening(id: "chatcmpl-", object: "chat.completion.chunk")
    chunkClosing = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    self.includesUsage = includesUsage
  }

  func body(text: String, end: AnswerEnd) -> [UInt8] {
    var bytes = wholeOpening
    bytes += #"{"index":0,"message":{"role":"assistant","content":""#.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += #"","refusal":null},"logprobs":null,"finish_reason":""#.utf8
    bytes += end.finishReason.rawValue.utf8
    bytes += #""}],"usage":"#.utf8
    bytes += end.usage.wireBytes
    bytes += "}".utf8
    return bytes
  }

  /// The first chunk: whose words follow.
  func opening() -> [UInt8] {
    chunk(delta: #""role":"assistant","content":"","refusal":null"#)
  }

  func content(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(chunkOpening.count + chunkClosing.count + text.utf8.count + 96)
    bytes += chunkOpening
    bytes += #"{"index":0,"delta":{"content":""#.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += #""},"logprobs":null,"finish_reason":null}"#.utf8
    bytes += chunkClosing
    return bytes
  }

  func ending(_ end: AnswerEnd) -> [UInt8] {
    var bytes = chunk(delta: "", finishReason: "\"\(end.finishReason.rawValue)\"")
    if includesUsage {
      bytes += chunkOpening
      bytes += #"],"usage":"#.utf8
      bytes += end.usage.wireBytes
      bytes += "}\n\n".utf8
    }
    bytes += done.utf8
    return bytes
  }

  private func chunk(delta: String, finishReason: String = "null") -> [UInt8] {
    let choice =
      "{\"index\":0,\"delta\":{\(delta)},\"logprobs\":null,\"finish_reason\":\(finishReason)}"
    return chunkOpening + Array(choice.utf8) + chunkClosing
  }
}
