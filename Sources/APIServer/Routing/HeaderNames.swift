// The headers that this API adds to HTTP's own.

import HTTPTypes

extension HTTPField.Name {
  static let requestID = HTTPField.Name("x-request-id")!
  /// What Anthropic's clients read as the request's id.
  static let anthropicRequestID = HTTPField.Name("request-id")!
  /// Milliseconds from the request's arrival to the head of its answer.
  static let processingMilliseconds = HTTPField.Name("openai-processing-ms")!
  /// Marks what a model has written.
  static let isGenerated = HTTPField.Name("x-ai-generated")!
  /// When notice was given for the model (RFC 9745), and when it goes (RFC 8594).
  static let deprecation = HTTPField.Name("Deprecation")!
  static let sunset = HTTPField.Name("Sunset")!
  static let shouldRetry = HTTPField.Name("x-should-retry")!
  static let retryAfterMilliseconds = HTTPField.Name("retry-after-ms")!
  /// The key, where it does not come as a bearer token.
  static let apiKey = HTTPField.Name("x-api-key")!
  /// Whom a proxy was called by.
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
  /// By which a client says that a request is one that it has sent before.
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
  /// On an answer that another request, with the same key, has brought about.
  static let idempotentReplayed = HTTPField.Name("idempotent-replayed")!

  static let requestLimit = HTTPField.Name("x-ratelimit-limit-requests")!
  static let requestsRemaining = HTTPField.Name("x-ratelimit-remaining-requests")!
  static let requestReset = HTTPField.Name("x-ratelimit-reset-requests")!
  static let tokenLimit = HTTPField.Name("x-ratelimit-limit-tokens")!
  static let tokensRemaining = HTTPField.Name("x-ratelimit-remaining-tokens")!
  static let tokenReset = HTTPField.Name("x-ratelimit-reset-tokens")!
  static let rateLimit = HTTPField.Name("RateLimit")!
  static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
}
