// Why a request is not served. The server maps a value to HTTP in its one error file; the values
// themselves, with their texts, are all in `MeterError+Cases.swift`.

/// A refusal, complete: what the body says, which status it has, when a retry makes sense.
package struct MeterError: Error, Sendable, Equatable {
  /// The `code` of the error's body. The raw value goes out as it is.
  package enum Code: String, Sendable, CaseIterable {
    case invalidAPIKey = "invalid_api_key"
    case addressNotAuthorized = "ip_not_authorized"
    case accountSuspended = "account_suspended"
    case roleNotAllowed = "role_not_allowed"
    case modelNotFound = "model_not_found"
    case contextLengthExceeded = "context_length_exceeded"
    case requestTooLarge = "request_too_large"
    case rateLimitExceeded = "rate_limit_exceeded"
    case projectSpendLimitExceeded = "project_spend_limit_exceeded"
    case organizationSpendLimitExceeded = "organization_spend_limit_exceeded"
    case creditBalanceExhausted = "credit_balance_exhausted"
    case serverIsOverloaded = "server_is_overloaded"
  }

  /// The `type` of the error's body. The raw value goes out as it is.
  package enum Kind: String, Sendable, CaseIterable {
    case invalidRequest = "invalid_request_error"
    case permission = "permission_error"
    case requests
    case tokens
    case insufficientQuota = "insufficient_quota"
    case serviceUnavailable = "service_unavailable_error"
  }

  /// What `error.details` carries where the code alone does not say it all.
  package enum Detail: String, Sendable, CaseIterable {
    /// The policy that refused (`details.policy`).
    case requestsPerMinute = "rpm"
    case inputTokensPerMinute = "itpm"
    case outputTokensPerMinute = "otpm"
    case tokensPerMinute = "tpm"
    case parallelRequests = "par"
    case failedAuthentications = "auth"
    case refusals
    /// The reason of a suspension (`details.reason`).
    case terms, abuse, security, nonpayment, legal, terminated
  }

  /// The code to switch on.
  package let code: Code
  /// The type that official clients read.
  package let kind: Kind
  /// One sentence or two for a person; made of numbers and fixed text only.
  package let message: String
  /// The HTTP status that this means.
  package let httpStatus: Int
  /// What else the body says.
  package let detail: Detail?
  /// The model to ask for instead (`details.successor`).
  package let successor: ShortName?
  /// Milliseconds after which the same request can pass, nil where waiting does not help.
  package let retryAfterMilliseconds: Int64?
  /// Whether a client may try again by itself (`x-should-retry`).
  package let shouldRetry: Bool
  /// The limits as they stood, for the headers; nil where no limit was looked at.
  package var rate: RateDecision?

  init(
    _ code: Code, _ kind: Kind, status: Int, message: String, detail: Detail? = nil,
    successor: ShortName? = nil, retryAfterMilliseconds: Int64? = nil, shouldRetry: Bool = false,
    rate: RateDecision? = nil
  ) {
    self.code = code
    self.kind = kind
    self.message = message
    httpStatus = status
    self.detail = detail
    self.successor = successor
    self.retryAfterMilliseconds = retryAfterMilliseconds
    self.shouldRetry = shouldRetry
    self.rate = rate
  }

  /// The value of `Retry-After`: whole seconds, rounded up, at least 1.
  package var retryAfterSeconds: Int64? {
    retryAfterMilliseconds.map { max(1, ($0 + 999) / 1000) }
  }
}
