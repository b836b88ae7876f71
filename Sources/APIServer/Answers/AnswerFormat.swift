// How an answer is written: the shape of its body, and of the events of its stream.

import Transformer

/// The shape in which an endpoint tells an answer. A format lives as long as its answer and may
/// remember what it has told.
protocol AnswerFormat: EventFormat {
  /// The body of an answer that is not streamed.
  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8]
}

/// The shape of a stream's events.
protocol EventFormat: Sendable {
  /// Appends the events before any text.
  mutating func open(_ bytes: inout [UInt8])
  /// Appends the events of a piece.
  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8])
  /// Appends why the text ended, the usage where it is told, and the end of the stream.
  mutating func close(_ end: AnswerEnd, _ bytes: inout [UInt8])
  /// Appends the event of a failure in the middle, after which the stream closes without its ending.
  mutating func fail(_ error: APIError, _ bytes: inout [UInt8])
}

extension EventFormat {
  /// The last event of a complete stream in OpenAI's older shapes.
  var done: String { "data: [DONE]\n\n" }

  func fail(_ error: APIError, _ bytes: inout [UInt8]) {
    bytes += "data: ".utf8
    bytes += error.body
    bytes += "\n\n".utf8
  }
}
