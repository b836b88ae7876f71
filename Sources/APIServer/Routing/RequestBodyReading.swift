// From the bytes of a request's body to JSON, under limits; the deadline is
// `RequestReadingGuard`'s.

import HTTPTypes
import Hummingbird
import HummingbirdCore
import JSON
import NIOCore
import NIOPosix

/// Work on bodies larger than this many bytes leaves Swift's own threads, which have to stay free
/// for everybody else's requests.
private let largeBodyBytes = 64 << 10

extension Exchange {
  /// Reads the whole body, parses it and makes something of it.
  ///
  /// - Parameter make: Called with the parsed body, on another thread where the body is large.
  /// - Throws: `APIError`, `JSONError`, `RequestBodyTimeout`, `HTTPParserError`, and what `make`
  ///   throws.
  func withJSONBody<Result: Sendable>(
    _ make: @escaping @Sendable (JSONValue) throws -> Result
  ) async throws -> Result {
    let limits = backend.configuration.limits
    guard let type = request.headers[.contentType], Self.isJSON(type) else {
      throw APIError.unsupportedMediaType
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes
    {
      throw APIError.bodyTooLarge(limit: limits.bodyBytes)
    }
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: limits.bodyBytes)
    } catch is NIOTooManyBytesError {
      throw APIError.bodyTooLarge(limit: limits.bodyBytes)
    }
    let work = { @Sendable in
      try make(
        JSONValue.parse(
          Array(body.readableBytesView),
          limits: JSONLimits(
            byteCount: limits.bodyBytes, valueCount: limits.jsonValueCount, depth: limits.jsonDepth)
        ))
    }
    guard body.readableBytes > largeBodyBytes else { return try work() }
    return try await NIOThreadPool.singleton.runIfActive(work)
  }

  /// Whether a `Content-Type` says JSON, whatever its parameters are.
  private static func isJSON(_ type: String) -> Bool {
    let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
    return name == "application/json" || name.hasPrefix("application/") && name.hasSuffix("+json")
  }
}
