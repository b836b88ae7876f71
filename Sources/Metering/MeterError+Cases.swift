// Every refusal of the module with its text: one row of the table of errors each.

extension MeterError {
  /// No key, a malformed one, one that is unknown, revoked or expired: one text for all of them,
  /// so that an answer tells nobody which keys exist.
  package static let invalidAPIKey = MeterError(
    .invalidAPIKey, .invalidRequest, status: 401,
    message:
      "Incorrect API key provided. Send a valid key as 'Authorization: Bearer KEY'.")

  /// The key is right and may not be used from where the client is.
  package static let addressNotAuthorized = MeterError(
    .addressNotAuthorized, .invalidRequest, status: 401,
    message: "This API key may not be used from your network. Ask whoever manages the key to "
      + "allow it.")

  /// The operator answers some networks only, in an incident: no key is asked for what it may.
  static let serviceRestricted = MeterError(
    .addressNotAuthorized, .invalidRequest, status: 401,
    message: "The service is restricted to some networks at the moment, and yours is none of them. "
      + "Its operator has done that, not whoever manages your key: please try again later.")

  /// Too many wrong keys from one address.
  static func tooManyFailedAuthentications(retryAfterMilliseconds: Int64) -> MeterError {
    MeterError(
      .rateLimitExceeded, .requests, status: 429,
      message: "Too many requests with an incorrect API key from this address. Please try again "
        + "in \(durationText(nanoseconds: retryAfterMilliseconds * 1_000_000)).",
      detail: .failedAuthentications, retryAfterMilliseconds: retryAfterMilliseconds,
      shouldRetry: true)
  }

  /// Too many refusals of one key, which does not wait as it is told.
  static func tooManyRefusals(retryAfterMilliseconds: Int64) -> MeterError {
    MeterError(
      .rateLimitExceeded, .requests, status: 429,
      message: "This API key was refused too often and does not wait as it is told. Please try "
        + "again in \(durationText(nanoseconds: retryAfterMilliseconds * 1_000_000)).",
      detail: .refusals, retryAfterMilliseconds: retryAfterMilliseconds, shouldRetry: true)
  }

  /// The key is right and its account is stopped.
  static func accountSuspended(_ reason: Detail) -> MeterError {
    MeterError(
      .accountSuspended, .permission, status: 403,
      message: reason == .terminated
        ? "The account of this API key was closed."
        : "The account of this API key is suspended (reason: \(reason.rawValue)). Please contact "
          + "the operator.",
      detail: reason)
  }

  /// The key is right and its role may not do this.
  package static let roleNotAllowed = MeterError(
    .roleNotAllowed, .permission, status: 403,
    message: "The role of this API key does not allow this. Ask an owner of the account.")

  /// The model was served here, and its time is over.
  static func modelRetired(successor: ShortName?) -> MeterError {
    MeterError(
      .modelNotFound, .invalidRequest, status: 404,
      message: "The model is not served any more."
        + (successor.map { " Use '\($0)' instead." } ?? " GET /v1/models lists what is served."),
      successor: successor)
  }

  /// The model is not served here.
  package static let modelNotFound = MeterError(
    .modelNotFound, .invalidRequest, status: 404,
    message: "The model does not exist or this key has no access to it. GET /v1/models lists "
      + "what is served.")

  /// The prompt does not fit the model's context.
  package static func contextLengthExceeded(
    promptTokens: Int64, contextLength: Int64
  ) -> MeterError {
    MeterError(
      .contextLengthExceeded, .invalidRequest, status: 400,
      message: "This model's maximum context length is \(contextLength) tokens, and the prompt has "
        + "\(promptTokens) tokens. Please shorten the prompt.")
  }

  /// The cap of a key or of its account, or the account's credit, leaves no room for what the
  /// request can cost at most.
  static func unaffordable(_ refusal: SpendRefusal) -> MeterError {
    switch refusal {
    case .cap(.key):
      MeterError(
        .projectSpendLimitExceeded, .insufficientQuota, status: 429,
        message: "This key's monthly spend limit leaves no room for this request. Ask for fewer "
          + "tokens, raise the limit, or wait for the next month.")
    case .cap:
      MeterError(
        .organizationSpendLimitExceeded, .insufficientQuota, status: 429,
        message: "This account's monthly spend limit leaves no room for this request. Ask for "
          + "fewer tokens, raise the limit, or wait for the next month.")
    case .credit:
      MeterError(
        .creditBalanceExhausted, .insufficientQuota, status: 429,
        message: "The credit of this account leaves no room for this request. Ask for fewer "
          + "tokens, or top it up.")
    }
  }

  /// The ledger cannot take more, or the disk refuses: nothing is served unmetered.
  package static func serverIsOverloaded(retryAfterMilliseconds: Int64 = 1000) -> MeterError {
    MeterError(
      .serverIsOverloaded, .serviceUnavailable, status: 503,
      message: "The server cannot take this request at the moment. Please try again.",
      retryAfterMilliseconds: retryAfterMilliseconds, shouldRetry: true)
  }

  /// A limit refused; what it says depends on which one and on whether waiting helps.
  static func limitExceeded(_ refusal: RateRefusal, rate: RateDecision) -> MeterError {
    let kind: Kind = refusal.meter.countsTokens ? .tokens : .requests
    var rate = rate
    rate.refusing = RateDecision.Refusing(
      meter: refusal.meter,
      waitSeconds: refusal.waitNanoseconds.map { ($0 + 999_999_999) / 1_000_000_000 })
    let figures =
      "Limit \(refusal.limit), Used \(refusal.used), Requested \(refusal.requested)."
    guard let wait = refusal.waitNanoseconds else {
      return MeterError(
        .rateLimitExceeded, kind, status: 429,
        message: "Request too large for \(refusal.meter.name): \(figures) It can never pass this "
          + "limit. Please send less at once.",
        detail: refusal.meter.detail, rate: rate)
    }
    return MeterError(
      .rateLimitExceeded, kind, status: 429,
      message: "Rate limit reached for \(refusal.meter.name): \(figures) Please try again in "
        + "\(durationText(nanoseconds: wait)).",
      detail: refusal.meter.detail,
      retryAfterMilliseconds: max(1, (wait + 999_999) / 1_000_000), shouldRetry: true, rate: rate)
  }
}
