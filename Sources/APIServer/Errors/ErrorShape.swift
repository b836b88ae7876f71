// The two shapes that errors have: OpenAI's, and Anthropic's where its API is spoken.

import HTTPTypes
import JSON

/// How a route tells its errors.
enum ErrorShape: Sendable {
  case openAI
  case anthropic
}

extension APIError {
  /// The body in a shape.
  func body(in shape: ErrorShape) -> [UInt8] {
    guard shape == .anthropic else { return body }
    var error: JSONObject = [
      "type": .string(anthropicType), "message": .string(anthropicMessage ?? message),
    ]
    // Beside what Anthropic has, so that a program can tell errors apart.
    error["code"] = .string(code)
    return JSONValue.object(["type": "error", "error": .object(error)]).utf8()
  }

  private var anthropicType: String {
    switch status.code {
    case 401: "authentication_error"
    case 402, 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 503, 529: "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
    }
  }
}
