// What may be limited, for whom, and by how much.

/// A thing that a limit counts.
package enum LimitMeter: UInt8, Sendable, CaseIterable {
  case requests, inputTokens, outputTokens, tokens, parallel

  /// Those that are so many a minute.
  static let rates: [LimitMeter] = [.requests, .inputTokens, .outputTokens, .tokens]
  /// Those of them that count tokens.
  static let tokenRates: [LimitMeter] = [.inputTokens, .outputTokens, .tokens]

  /// Whether it counts tokens, which decides the `type` of a refusal.
  package var countsTokens: Bool {
    switch self {
    case .inputTokens, .outputTokens, .tokens: true
    case .requests, .parallel: false
    }
  }

  /// How messages call it.
  var name: String {
    switch self {
    case .requests: "requests per min (RPM)"
    case .inputTokens: "input tokens per min (ITPM)"
    case .outputTokens: "output tokens per min (OTPM)"
    case .tokens: "tokens per min (TPM)"
    case .parallel: "requests at the same time"
    }
  }

  /// What `error.details.policy` says.
  var detail: MeterError.Detail {
    switch self {
    case .requests: .requestsPerMinute
    case .inputTokens: .inputTokensPerMinute
    case .outputTokens: .outputTokensPerMinute
    case .tokens: .tokensPerMinute
    case .parallel: .parallelRequests
    }
  }
}

/// Whom a limit binds.
package enum LimitScope: Hashable, Sendable {
  case key(KeyID)
  case account(AccountID)
  case model(ModelID)
  /// A key, or all keys of an account, at one model.
  case keyAtModel(KeyID, ModelID)
  case accountAtModel(AccountID, ModelID)
  case address(NetworkAddress)

  /// Whether money can be limited in it.
  var hasBudget: Bool {
    switch self {
    case .key, .account: true
    case .model, .keyAtModel, .accountAtModel, .address: false
    }
  }
}

/// The limits of one scope; nil means none.
package struct LimitRule: Hashable, Sendable {
  package var requests: RateLimit?
  package var inputTokens: RateLimit?
  package var outputTokens: RateLimit?
  package var tokens: RateLimit?
  /// Requests that may run at the same time.
  package var parallel: Int64?

  /// A rule out of finished limits.
  package init(
    requests: RateLimit? = nil, inputTokens: RateLimit? = nil, outputTokens: RateLimit? = nil,
    tokens: RateLimit? = nil, parallel: Int64? = nil
  ) {
    self.requests = requests
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.tokens = tokens
    self.parallel = parallel
  }

  /// A limit on requests of which so many seconds' worth may come at once; without them ten, and at
  /// least 5 requests. Nil below 1.
  package static func requestLimit(perMinute: Int64, burstSeconds: Int64? = nil) -> RateLimit? {
    limit(perMinute, burstSeconds, burst: max(5, perMinute / 6))
  }

  /// A limit on tokens of which so many seconds' worth may come at once; without them sixty. Nil below 1.
  package static func tokenLimit(perMinute: Int64, burstSeconds: Int64? = nil) -> RateLimit? {
    limit(perMinute, burstSeconds, burst: perMinute)
  }

  private static func limit(_ perMinute: Int64, _ seconds: Int64?, burst: Int64) -> RateLimit? {
    guard let seconds else { return RateLimit(perMinute: perMinute, burst: burst) }
    let (units, overflow) = perMinute.multipliedReportingOverflow(by: seconds)
    return overflow ? nil : RateLimit(perMinute: perMinute, burst: max(1, units / 60))
  }

  /// The rate limit of one meter; nil for what is not a rate.
  func rateLimit(of meter: LimitMeter) -> RateLimit? {
    switch meter {
    case .requests: requests
    case .inputTokens: inputTokens
    case .outputTokens: outputTokens
    case .tokens: tokens
    case .parallel: nil
    }
  }
}

/// What one request takes from the limits.
package struct LimitCost: Hashable, Sendable {
  package var requests: Int64
  package var inputTokens: Int64
  package var outputTokens: Int64

  /// A cost; numbers are at least 0.
  package init(requests: Int64 = 1, inputTokens: Int64 = 0, outputTokens: Int64 = 0) {
    self.requests = max(0, requests)
    self.inputTokens = max(0, inputTokens)
    self.outputTokens = max(0, outputTokens)
  }

  /// What the bucket of one meter is charged.
  func amount(of meter: LimitMeter) -> Int64 {
    switch meter {
    case .requests: requests
    case .inputTokens: inputTokens
    case .outputTokens: outputTokens
    case .tokens: inputTokens + outputTokens
    case .parallel: 0
    }
  }
}
