// How an answer is written: the shape of its body, and of the events of its stream.

import HTTPTypes
import Hummingbird
import JSON
import Metering
import NIOCore

/// The shape in which an endpoint tells an answer.
protocol AnswerFormat: Sendable {
  /// The body of an answer that is not streamed.
  func body(text: String, end: AnswerEnd) -> [UInt8]
  /// The events before any text.
  func opening() -> [UInt8]
  /// The event of a piece of text, never empty.
  func content(_ text: String) -> [UInt8]
  /// Why the text ended, the usage where it was asked for, and the end of the stream.
  func ending(_ end: AnswerEnd) -> [UInt8]
  /// The event of a failure in the middle, after which the stream closes without its ending.
  func failure(_ error: APIError) -> [UInt8]
}

extension AnswerFormat {
  /// The last event of a complete stream in OpenAI's shapes.
  var done: String { "data: [DONE]\n\n" }

  func failure(_ error: APIError) -> [UInt8] {
    Array("data: ".utf8) + error.body + Array("\n\n".utf8)
  }
}

extension Answer {
  /// The response that tells this answer, whole or as a stream.
  func response(
    in format: some AnswerFormat, isStreamed: Bool, to exchange: Exchange
  ) async throws -> Response {
    isStreamed ? stream(in: format, exchange) : try await whole(in: format)
  }

  private func whole(in format: some AnswerFormat) async throws -> Response {
    var text = ""
    let end = try await run(statusIfClientGoes: APIError.clientGone.status.code) { text += $0 }
    return Response(
      status: .ok, headers: [.contentType: "application/json", .isGenerated: "true"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: format.body(text: text, end: end))))
  }

  private func stream(in format: some AnswerFormat, _ exchange: Exchange) -> Response {
    exchange.withNotes { $0.endsWithBody = true }
    var headers = EventStream.headers
    headers[.isGenerated] = "true"
    let body = ResponseBody { writer in
      defer { exchange.log(status: 200) }
      do {
        // The first text carries the opening with it: one write, one packet.
        var opening = format.opening()
        let end = try await self.run(statusIfClientGoes: 200) { text in
          try await writer.write(ByteBuffer(bytes: opening + format.content(text)))
          opening = []
        }
        try await writer.write(ByteBuffer(bytes: opening + format.ending(end)))
      } catch {
        let refusal = exchange.refusal(for: error)
        exchange.withNotes { $0.code = refusal.code }
        try await writer.write(ByteBuffer(bytes: format.failure(refusal)))
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }
}
