// The media type of server-sent events, by which a stream is known from any other body.

import HTTPTypes

enum EventStream {
  /// With the encoding: some clients take a text without one for ISO 8859-1.
  static let mediaType = "text/event-stream; charset=utf-8"

  /// What every client skips: it says that the connection lives.
  static let comment = ": still working\n\n"

  /// Headers of a stream: nothing on the way may keep, join or delay its events.
  static let headers: HTTPFields = [
    .contentType: mediaType, .cacheControl: "no-cache", .xAccelBuffering: "no",
  ]
}

extension HTTPField.Name {
  /// nginx reads it: `no` switches its buffering off for this answer.
  static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
