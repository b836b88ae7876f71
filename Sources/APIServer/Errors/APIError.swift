// A refusal as OpenAI's clients read it. Everything that goes wrong while a request is answered
// ends as one of these; `APIError+HTTP.swift` says how.

import HTTPTypes
import JSON
import Tokenizer

/// What is wrong with a request, or with the server, complete with its status and headers.
///
/// The message says what to change; it repeats field names and numbers, never a request's text.
struct APIError: Error {
  /// The `type` of the body: the coarse kind that clients switch on.
  enum Kind: String {
    case invalidRequest = "invalid_request_error"
    case permission = "permission_error"
    case requests
    case tokens
    case insufficientQuota = "insufficient_quota"
    case serviceUnavailable = "service_unavailable_error"
    case server = "server_error"
  }

  let status: HTTPResponse.Status
  let kind: Kind
  /// The `code` of the body: what exactly happened, in one word.
  let code: String
  let message: String
  /// The field at fault, as a path (`messages[0].content`); nil where it is none.
  var param: String?
  /// What `error.details` carries beside the code.
  var details = JSONObject()
  /// Headers that belong to the refusal (`Retry-After`, `Allow`, …).
  var headers = HTTPFields()
  /// Whether a client gains anything by trying the same again (`x-should-retry`).
  var isWorthRetrying = false
  /// Whether too many requests wait: the server is full, and nothing of it has failed.
  var isTooMany = false
  /// The message where Anthropic's API is spoken, whose clients know what went wrong by its words; nil
  /// for the same.
  var anthropicMessage: String?

  /// The body: `{"error":{"message","type","param","code"}}`.
  var body: [UInt8] {
    var error: JSONObject = [
      "message": .string(message), "type": .string(kind.rawValue),
      "param": param.map { .string($0) } ?? .null, "code": .string(code),
    ]
    if !details.isEmpty { error["details"] = .object(details) }
    return JSONValue.object(["error": .object(error)]).utf8()
  }
}

extension APIError {
  /// A fault of one field, status 400.
  static func invalid(_ param: String?, _ code: String, _ message: String) -> APIError {
    APIError(
      status: .badRequest, kind: .invalidRequest, code: code, message: message, param: param)
  }

  /// A fault of the request as a whole.
  static func refused(
    _ status: HTTPResponse.Status, _ code: String, _ message: String, headers: HTTPFields = [:]
  ) -> APIError {
    APIError(
      status: status, kind: .invalidRequest, code: code, message: message, headers: headers)
  }

  /// A fault of the server that the request is not to blame for. Nothing of its cause goes out.
  static let internalError = APIError(
    status: .internalServerError, kind: .server, code: "internal_error",
    message: "The server had an error while it answered this request. Its log has the cause "
      + "under the request's id (header x-request-id).")

  /// The server ends, or an engine does, before the answer was complete.
  static let stopping = APIError(
    status: .serviceUnavailable, kind: .serviceUnavailable, code: "server_is_overloaded",
    message: "The server is stopping. Please try again.",
    headers: [.retryAfter: "5"], isWorthRetrying: true)

  /// A model's file cannot be loaded. The log says why.
  static let modelUnavailable = APIError(
    status: .serviceUnavailable, kind: .serviceUnavailable, code: "model_unavailable",
    message: "The model cannot be loaded at the moment. Please try again later, or ask for another "
      + "model.", param: "model", headers: [.retryAfter: "30"], isWorthRetrying: true)

  /// The server was told to stop and finishes what it has begun.
  static let draining = APIError(
    status: .serviceUnavailable, kind: .serviceUnavailable, code: "server_is_stopping",
    message: "The server finishes what it has begun and takes no new requests. Please try again "
      + "in a moment.",
    headers: [.retryAfter: "5"], isWorthRetrying: true)

  static func tooManyConnections(limit: Int) -> APIError {
    APIError(
      status: .tooManyRequests, kind: .requests, code: "too_many_connections",
      message: "Your address has more than \(limit) open connections, which is all this server "
        + "accepts. Close some, or use them for several requests.",
      headers: [.retryAfter: "1"], isWorthRetrying: true)
  }

  /// What nobody reads: the log has it. 499 is what proxies write for a client that left.
  static let clientGone = refused(
    HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "client_gone",
    "The client closed the connection before its answer was complete.")

  static let chatTemplateMissing = invalid(
    "model", "chat_template_missing",
    "This is a base model: it has no chat template and cannot answer messages. Ask for an "
      + "instruction-tuned model, or restart the server with --chat-template.")

  /// - Parameter model: its name.
  static func writesNothing(model: String) -> APIError {
    invalid(
      "model", "model_cannot_write",
      "The model '\(model)' turns texts into vectors and writes none: send them to /v1/embeddings, "
        + "or ask for a model that writes.")
  }

  /// - Parameter model: its name.
  static func notFinite(model: String) -> APIError {
    APIError(
      status: .internalServerError, kind: .server, code: "model_failed",
      message: "The model '\(model)' gave numbers that are not finite. Ask for another model.",
      param: "model")
  }

  static let unknownRoute = refused(
    .notFound, "unknown_url", "Nothing is served under this path. GET /openapi.json lists what is.")

  static let missingHost = refused(
    .badRequest, "missing_host", "The request has no Host header; send one.")

  static let foreignHost = APIError(
    status: .forbidden, kind: .permission, code: "host_not_allowed",
    message: "Without API keys only requests to this machine's own address are answered: send "
      + "'Host: localhost' or the loopback address, or create a key and use it.")

  static let foreignOrigin = APIError(
    status: .forbidden, kind: .permission, code: "origin_not_allowed",
    message: "Without API keys no page of another site is answered (its 'Origin' is not this "
      + "address): open this server's own page, or create a key and use it.")

  /// - Parameter field: where the token came from.
  static func tokenOutOfRange(_ field: String) -> APIError {
    invalid(field, "invalid_token", "A token id is outside the model's vocabulary.")
  }

  static func tokenOutOfRange(
    _ field: String, _ token: TokenID, vocabularyCount: Int
  ) -> APIError {
    invalid(
      field, "invalid_token",
      "The token \(token) in '\(field)' is outside the model's vocabulary. The last token is "
        + "\(vocabularyCount - 1).")
  }

  static let unsupportedMediaType = refused(
    .unsupportedMediaType, "unsupported_media_type",
    "The body must be JSON: send it with 'Content-Type: application/json'.")

  static let unsupportedContentEncoding = refused(
    .unsupportedMediaType, "unsupported_content_encoding",
    "The body must be sent as it is: 'Content-Encoding' is not supported.")

  /// RFC 9112, 6.1.
  static let unsupportedTransferCoding = APIError(
    status: .notImplemented, kind: .invalidRequest, code: "unsupported_transfer_encoding",
    message: "Of 'Transfer-Encoding' only 'chunked' is supported: send the body as it is.")

  static let bodyTimeout = APIError(
    status: .requestTimeout, kind: .invalidRequest, code: "request_timeout",
    message: "The request's body did not arrive in time. Send it without pauses.",
    isWorthRetrying: true)

  static let truncatedBody = refused(
    .badRequest, "truncated_body",
    "The request ended before its body was complete, or the body was not framed as HTTP says.")

  static func bodyTooLarge(limit: Int) -> APIError {
    refused(
      .contentTooLarge, "request_too_large",
      "The request's body is larger than \(limit) bytes, which is all this server accepts. "
        + "Please send less at once.")
  }

  static func methodNotAllowed(allow: String) -> APIError {
    refused(
      .methodNotAllowed, "method_not_allowed",
      "This path answers \(allow) only.", headers: [.allow: allow])
  }
}

// What forms and recordings are refused for.
extension APIError {
  static let formRequired = refused(
    .unsupportedMediaType, "unsupported_media_type",
    "The body must be a form: send it with 'Content-Type: multipart/form-data', as 'curl -F' does.")

  /// - Parameters:
  ///   - place: `body`, or the header at fault.
  ///   - fault: the end of the sentence.
  static func malformedForm(_ place: String, _ fault: String) -> APIError {
    invalid(place, "invalid_form", "The body is no valid multipart/form-data: \(fault).")
  }

  /// A field that the API has and this server does not follow.
  static func unsupportedField(_ field: String, _ instead: String) -> APIError {
    invalid(
      field, "unsupported_parameter", "'\(field)' is not supported by this server: \(instead).")
  }

  /// - Parameter model: the name of one that takes recordings.
  static func takesRecordings(model: String) -> APIError {
    invalid(
      "model", "model_cannot_write",
      "The model '\(model)' writes down what is said and reads no text: send recordings to "
        + "/v1/audio/transcriptions, or ask for a model that reads text.")
  }

  /// - Parameter model: the name of one that reads text.
  static func hearsNothing(model: String) -> APIError {
    invalid(
      "model", "model_cannot_hear",
      "The model '\(model)' reads text and hears no recordings. Ask for a model of the kind "
        + "'transcription'; GET /v1/models tells each model's kind.")
  }
}
