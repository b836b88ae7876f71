// From the bytes of a request's body to JSON or a form, under limits; the deadline is
// `RequestReadingGuard`'s.

import HTTPTypes
import Hummingbird
import HummingbirdCore
import JSON
import NIOCore
import NIOPosix

/// Work on bodies larger than this many bytes, about a millisecond of it, leaves the event loop and
/// Swift's own threads, which have to stay free for everybody else's requests.
private let largeBodyBytes = 16 << 10

extension Exchange {
  /// Reads the whole body and parses it, loads the model that it names, and makes something of both.
  ///
  /// - Parameters:
  ///   - parse: Takes the body apart, names the model, and says whether `make` may take long for a
  ///     small body too.
  ///   - make: Called with what was parsed and the loaded model. Both are called on another thread
  ///     where the body is large.
  /// - Throws: as the other one, and `APIError.modelUnavailable`.
  func withJSONBody<Parsed: Sendable, Result: Sendable>(
    parse: @escaping @Sendable (JSONValue) throws -> (Parsed, ModelEntry, takesLong: Bool),
    make: @escaping @Sendable (Parsed, BackendModel) throws -> Result
  ) async throws -> (parsed: Parsed, model: BackendModel, made: Result) {
    let ((parsed, entry, takesLong), bytes) = try await sizedJSONBody(parse)
    guard entry.desk == nil else { throw APIError.takesRecordings(model: entry.name) }
    let model: BackendModel
    do {
      model = try await entry.loaded()
    } catch {
      log(internalError: error)
      throw APIError.modelUnavailable
    }
    let made = try await Self.working(onThread: takesLong || bytes > largeBodyBytes) {
      try make(parsed, model)
    }
    return (parsed, model, made)
  }

  /// Reads the whole body, parses it and makes something of it.
  ///
  /// - Parameter make: Called with the parsed body, on another thread where the body is large.
  /// - Throws: `APIError`, `JSONError`, `RequestBodyTimeout`, `HTTPParserError`, and what `make`
  ///   throws.
  func withJSONBody<Result: Sendable>(
    _ make: @escaping @Sendable (JSONValue) throws -> Result
  ) async throws -> Result {
    try await sizedJSONBody(make).0
  }

  /// Reads the whole body, which is one JSON object, and takes its fields. In strict mode those that
  /// `take` does not ask for are refused.
  ///
  /// - Throws: as `withJSONBody` does.
  func withFields<Result: Sendable>(
    _ take: @escaping @Sendable (inout RequestFields) throws -> Result
  ) async throws -> Result {
    try await withJSONBody { [backend] body throws in
      var fields = try RequestFields(body: body, isStrict: backend.configuration.isStrict)
      let result = try take(&fields)
      try fields.end()
      return result
    }
  }

  /// Reads the whole body and makes something of it.
  ///
  /// - Parameters:
  ///   - form: what the body has to be.
  ///   - make: Called on another thread where the body is large.
  /// - Throws: as `withJSONBody` does for a body that cannot be read, and what `make` throws.
  func withWholeBody<Result: Sendable>(
    _ form: BodyForm, _ make: @escaping @Sendable (ByteBuffer) throws -> Result
  ) async throws -> (body: ByteBuffer, made: Result) {
    let body = if let body = takeBody() { body } else { try await wholeBody(form) }
    let made = try await Self.working(onThread: body.readableBytes > largeBodyBytes) {
      try make(body)
    }
    return (body, made)
  }

  private func sizedJSONBody<Result: Sendable>(
    _ make: @escaping @Sendable (JSONValue) throws -> Result
  ) async throws -> (Result, bytes: Int) {
    let limits = backend.configuration.limits
    let body = if let body = takeBody() { body } else { try await wholeBody(.json) }
    let made = try await Self.working(onThread: body.readableBytes > largeBodyBytes) {
      try make(
        JSONValue.parse(
          Self.json(in: body),
          limits: JSONLimits(
            byteCount: limits.bodyBytes, valueCount: limits.jsonValueCount, depth: limits.jsonDepth)
        ))
    }
    return (made, body.readableBytes)
  }

  /// The bytes of a body's JSON. Some programs put the mark of a byte order in front, which may be passed
  /// over (RFC 8259, 8.1).
  private static func json(in body: ByteBuffer) -> [UInt8] {
    let bytes = body.readableBytesView
    return Array(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes)
  }

  private func wholeBody(_ form: BodyForm) async throws -> ByteBuffer {
    let limit = backend.configuration.limits.bytes(of: form)
    let type = request.headers[.contentType]
    switch form {
    case .json:
      guard let type, Self.isJSON(type) else { throw APIError.unsupportedMediaType }
    case .form:
      guard let type, Self.isForm(type) else { throw APIError.formRequired }
    }
    guard request.headers[.contentEncoding].map({ $0.lowercased() == "identity" }) ?? true else {
      throw APIError.unsupportedContentEncoding
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw APIError.bodyTooLarge(limit: limit)
    }
    do {
      return try await request.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw APIError.bodyTooLarge(limit: limit)
    }
  }

  /// Does work at once, or on a thread that may be kept busy.
  private static func working<Result: Sendable>(
    onThread: Bool, _ work: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    guard onThread else { return try work() }
    return try await NIOThreadPool.singleton.runIfActive(work)
  }

  /// Whether a `Content-Type` says that a form comes, whatever its boundary is.
  private static func isForm(_ type: String) -> Bool {
    type.prefix { $0 != ";" && $0 != " " }.lowercased() == "multipart/form-data"
  }

  /// Whether a `Content-Type` says JSON, whatever its parameters are.
  private static func isJSON(_ type: String) -> Bool {
    let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
    return name == "application/json" || name.hasPrefix("application/") && name.hasSuffix("+json")
  }
}
