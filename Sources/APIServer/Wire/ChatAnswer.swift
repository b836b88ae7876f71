// What a chat completion is answered with: one JSON body, or the chunks of a stream.
//
// Chunks are written from two constant pieces with the escaped text between them. A token costs
// one copy this way, and a general encoder would cost sixty times as much.

import JSON
import Metering
import Transformer

/// The constant parts of one chat answer.
struct ChatAnswer {
  /// `chatcmpl-` and the request's id.
  let id: String
  /// Seconds since 1970.
  let created: Int64
  let model: String

  /// The body of an answer that is not streamed.
  func body(text: String, end: AnswerEnd) -> [UInt8] {
    var writer = JSONWriter()
    writeOpening(&writer, object: "chat.completion")
    writer.write(raw: "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    writer.write(string: text)
    writer.write(raw: ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":")
    writer.write(string: end.finishReason.rawValue)
    writer.write(raw: "}],\"usage\":")
    writer.write(.object(end.usage.wireObject))
    writer.write(raw: "}")
    return writer.bytes
  }

  /// Everything of a chunk up to the first element of its `choices`.
  fileprivate func writeOpening(_ writer: inout JSONWriter, object: String) {
    writer.write(raw: "{\"id\":")
    writer.write(string: id)
    writer.write(raw: ",\"object\":\"\(object)\",\"created\":\(created),\"model\":")
    writer.write(string: model)
    writer.write(raw: ",\"choices\":[")
  }
}

/// Writes the server-sent events of one streamed chat answer.
struct ChatChunkWriter {
  /// The last event of every complete stream.
  static let done = Array("data: [DONE]\n\n".utf8)

  private let opening: [UInt8]
  private let closing: [UInt8]
  private let includesUsage: Bool

  /// - Parameter includesUsage: Whether a chunk of usage ends the stream; the others then say
  ///   `"usage":null`.
  init(_ answer: ChatAnswer, includesUsage: Bool) {
    var writer = JSONWriter()
    writer.write(raw: "data: ")
    answer.writeOpening(&writer, object: "chat.completion.chunk")
    opening = writer.bytes
    closing = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    self.includesUsage = includesUsage
  }

  /// The first chunk: whose words follow.
  func role() -> [UInt8] {
    opening
      + Array(
        """
        {"index":0,"delta":{"role":"assistant","content":"","refusal":null},\
        "logprobs":null,"finish_reason":null}
        """.utf8)
      + closing
  }

  /// A chunk of text.
  func content(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(opening.count + closing.count + text.utf8.count + 96)
    bytes += opening
    bytes += #"{"index":0,"delta":{"content":""#.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += #""},"logprobs":null,"finish_reason":null}"#.utf8
    bytes += closing
    return bytes
  }

  /// Why the text ended, the usage where it was asked for, and the end of the stream.
  func ending(_ end: AnswerEnd) -> [UInt8] {
    var bytes = opening
    bytes += #"{"index":0,"delta":{},"logprobs":null,"finish_reason":""#.utf8
    bytes += end.finishReason.rawValue.utf8
    bytes += "\"}".utf8
    bytes += closing
    if includesUsage {
      bytes += opening
      bytes += "],\"usage\":".utf8
      bytes += JSONValue.object(end.usage.wireObject).utf8()
      bytes += "}\n\n".utf8
    }
    bytes += Self.done
    return bytes
  }

  /// A failure in the middle of a stream, which then closes without its ending.
  static func failure(_ error: APIError) -> [UInt8] {
    Array("data: ".utf8) + error.body + Array("\n\n".utf8)
  }
}
