// The one place where errors meet HTTP: every error of the layers below becomes a refusal with a
// status here, and a refusal becomes a response.

import Constraints
import HTTPTypes
import Hummingbird
import JSON
import Metering
import NIOCore
import NIOHTTP1
import Tokenizer
import Transformer

extension APIError {
  /// What a client is told about an error; nil for one that is nobody's business outside, which
  /// is answered as an internal error and logged.
  init?(known error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as MeterError: self.init(error)
    case let error as Administration.Refusal: self.init(error)
    case let error as UsageStoreError:
      guard let refusal = Self.refusal(of: error) else { return nil }
      self = refusal
    case let error as EngineError: self.init(error)
    case let error as ConstraintError:
      self = .invalid(
        "response_format", "invalid_constraint", "The format cannot be followed: \(error).")
    case let error as TemplateError: self.init(error)
    case let error as JSONError: self.init(error)
    case is RequestBodyTimeout: self = .bodyTimeout
    case is HTTPParserError: self = .truncatedBody
    case is CancellationError: self = .stopping
    case is ClientGone: self = .clientGone
    default: return nil
    }
  }

  init(_ error: MeterError) {
    status = HTTPResponse.Status(code: error.httpStatus)
    kind =
      switch error.kind {
      case .invalidRequest: .invalidRequest
      case .permission: .permission
      case .requests: .requests
      case .tokens: .tokens
      case .insufficientQuota: .insufficientQuota
      case .serviceUnavailable: .serviceUnavailable
      }
    code = error.code.rawValue
    message = error.message
    param = error.code == .modelNotFound ? "model" : nil
    isWorthRetrying = error.shouldRetry
    if let detail = error.detail { details[detail.key] = .string(detail.rawValue) }
    if let successor = error.successor { details["successor"] = .string(successor.text) }
    if let seconds = error.retryAfterSeconds { headers[.retryAfter] = "\(seconds)" }
    if let milliseconds = error.retryAfterMilliseconds {
      headers[.retryAfterMilliseconds] = "\(milliseconds)"
    }
    if let rate = error.rate { headers.append(contentsOf: rate.headers) }
  }

  /// How a request is recorded that ends with this: what it is to blame for itself is no failure,
  /// nor that too many wait.
  var recorded: RequestStatus { status.kind == .clientError || isTooMany ? .rejected : .failed }

  /// As for a prompt that is too long, with the field that it stands in.
  static func inputTooLong(_ param: String, tokenCount: Int, contextLength: Int) -> APIError {
    var error = promptTooLong(tokenCount: tokenCount, contextLength: contextLength)
    error.param = param
    return error
  }

  private static func promptTooLong(tokenCount: Int, contextLength: Int) -> APIError {
    var error = APIError(
      MeterError.contextLengthExceeded(
        promptTokens: Int64(tokenCount), contextLength: Int64(contextLength)))
    error.anthropicMessage =
      "prompt is too long: \(tokenCount) tokens > \(contextLength) maximum"
    return error
  }

  /// What somebody who works on the ledger is told; nil for a fault of the disk.
  private static func refusal(of error: UsageStoreError) -> APIError? {
    switch error.code {
    case .notFound: refused(.notFound, "not_found", error.message)
    case .wrongState: refused(.conflict, "wrong_state", error.message)
    case .constraint: refused(.conflict, "conflict", error.message)
    case .invalidName, .invalidLimit: invalid(nil, "invalid_value", error.message)
    case .busy: self.init(MeterError.serverIsOverloaded())
    default: nil
    }
  }

  init(_ error: EngineError) {
    switch error {
    case .emptyPrompt:
      self = .invalid(nil, "empty_prompt", "The prompt has no tokens; send some text.")
    case .promptTooLong(let tokens, let contextLength):
      self = .promptTooLong(tokenCount: tokens, contextLength: contextLength)
    case .tokenOutOfRange:
      self = .tokenOutOfRange("prompt")
    case .overloaded:
      self.init(MeterError.serverIsOverloaded())
      isTooMany = true
    case .stopped:
      self = .stopping
    case .writesNothing(let model):
      self = .writesNothing(model: model)
    case .notFinite(let model):
      self = .notFinite(model: model)
    case .answerTooShort(let needed, let allowed):
      self = .invalid(
        "max_tokens", "answer_too_short",
        "The shortest answer that satisfies the format has \(needed) tokens; \(allowed) are "
          + "allowed. Raise max_tokens or ask for less.")
    case .constraint(let error):
      self = .invalid("response_format", "invalid_constraint", "The format is refused: \(error).")
    }
  }

  /// The error quotes the template, which is the model's, and never the conversation.
  private init(_ error: TemplateError) {
    self = .invalid(
      "messages", "chat_template_error",
      "The model's chat template refuses these messages: \(error.message).")
  }

  private init(_ error: JSONError) {
    switch error.code {
    case .tooManyBytes, .tooManyValues, .tooDeep:
      self = .invalid(nil, "json_too_large", "The body is too large for this server: \(error).")
    default:
      self = .invalid(nil, "invalid_json", "The body is not valid JSON: \(error).")
    }
  }

  /// What came could not be read as an HTTP request at all.
  init(malformed error: any Error) {
    if let error = error as? HTTPParserError, error == .headerOverflow {
      self = .refused(
        .requestHeaderFieldsTooLarge, "request_headers_too_large",
        "The request's line and headers are larger than this server accepts.")
    } else {
      self = .refused(.badRequest, "malformed_request", "This is not a valid HTTP/1.1 request.")
    }
  }

  /// The head of the response, for a body of so many bytes.
  func head(bodyBytes: Int) -> HTTPResponse {
    var fields = headers
    fields[.contentType] = "application/json"
    fields[.contentLength] = "\(bodyBytes)"
    if status.kind == .clientError || status.kind == .serverError {
      fields[.shouldRetry] = isWorthRetrying ? "true" : "false"
    }
    return HTTPResponse(status: status, headerFields: fields)
  }

  /// The whole response.
  func response(in shape: ErrorShape) -> Response {
    let body = body(in: shape)
    let head = head(bodyBytes: body.count)
    return Response(
      status: head.status, headers: head.headerFields,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension MeterError.Detail {
  /// The member of `error.details` that bears it.
  fileprivate var key: String {
    switch self {
    case .requestsPerMinute, .inputTokensPerMinute, .outputTokensPerMinute, .tokensPerMinute,
      .parallelRequests, .failedAuthentications, .refusals:
      "policy"
    case .terms, .abuse, .security, .nonpayment, .legal, .terminated: "reason"
    }
  }
}
