// The events of a recording that is written down while its client reads, as OpenAI's API has them.

import JSON
import Transformer

/// `transcript.text.delta` for each segment and `transcript.text.done` behind the last one, with
/// all text and the usage.
struct TranscriptEvents: EventFormat {
  /// What was told.
  private var text = ""
  /// White space that belongs to the text if more of it follows.
  private var space = ""

  mutating func open(_ bytes: inout [UInt8]) {}

  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    guard case .text(let segment, _) = piece else { return }
    var delta = space + segment
    if text.isEmpty { delta = String(delta.drop { $0.isWhitespace }) }
    space = String(delta.reversed().prefix { $0.isWhitespace }.reversed())
    delta.removeLast(space.count)
    guard !delta.isEmpty else { return }
    text += delta
    append(["type": "transcript.text.delta", "delta": .string(delta)], to: &bytes)
  }

  mutating func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    append(
      [
        "type": "transcript.text.done", "text": .string(text),
        "usage": TranscriptFormat.usage(milliseconds: end.usage.audioMilliseconds),
      ], to: &bytes)
  }

  private func append(_ event: JSONObject, to bytes: inout [UInt8]) {
    bytes += "data: \(JSONValue.object(event).serialized())\n\n".utf8
  }
}
