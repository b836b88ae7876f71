// Server-sent events: the media type by which a stream is known from any other body, and the response
// that writes them.

import HTTPTypes
import Hummingbird
import NIOCore

enum EventStream {
  /// With the encoding: some clients take a text without one for ISO 8859-1.
  static let mediaType = "text/event-stream; charset=utf-8"

  /// What every client skips: it says that the connection lives.
  static let comment = ": still working\n\n"

  /// Headers of a stream, which a model writes: nothing on the way may keep, join or delay its events.
  static let headers: HTTPFields = [
    .contentType: mediaType, .cacheControl: "no-cache", .xAccelBuffering: "no",
    .isGenerated: "true",
  ]

  /// The response that writes events as they come, and logs the request behind the last one.
  ///
  /// - Parameters:
  ///   - duty: sees to it that all ends where nobody asks for the body.
  ///   - onGone: called where the client cannot be written to any more: has the work end.
  ///   - work: makes the events while they are written, to their end, and gives the status that the log
  ///     tells.
  static func response<Format>(
    of events: EventQueue<Format>, to exchange: Exchange, _ duty: StreamDuty,
    onGone: @escaping @Sendable () -> Void, work: @escaping @Sendable () async -> Int
  ) -> Response {
    let body = ResponseBody { writer in
      duty.take()
      var status = 200
      defer { exchange.log(status: status) }
      async let outcome = work()
      do {
        while let bytes = await events.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
      } catch {
        onGone()
        status = await outcome
        throw error
      }
      status = await outcome
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }
}

extension EventQueue {
  /// Adds a failure, and gives the status that the log will tell.
  func fail(_ error: any Error, _ exchange: Exchange) -> Int {
    let refusal = exchange.refusal(for: error)
    exchange.noteFailure(refusal)
    fail(refusal)
    return error is ClientGone ? exchange.statusIfClientGoes : 200
  }
}

extension HTTPField.Name {
  /// nginx reads it: `no` switches its buffering off for this answer.
  static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
