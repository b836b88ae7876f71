// What one request used, and how it ended: the numbers that a lease is settled with.

/// What a request used, in the units of the bill.
package struct TokenUsage: Hashable, Sendable {
  /// All prompt tokens, those found in the prefix cache included.
  package var promptTokens: Int64
  /// The prompt tokens among them that came out of the prefix cache.
  package var cachedPromptTokens: Int64
  /// All generated tokens, reasoning included.
  package var completionTokens: Int64
  /// The generated tokens among them that were reasoning.
  package var reasoningTokens: Int64
  /// Decoded audio, in milliseconds.
  package var audioMilliseconds: Int64

  /// A usage; negative numbers become 0 and parts are cut to their whole.
  package init(
    promptTokens: Int64 = 0, cachedPromptTokens: Int64 = 0, completionTokens: Int64 = 0,
    reasoningTokens: Int64 = 0, audioMilliseconds: Int64 = 0
  ) {
    self.promptTokens = max(0, promptTokens)
    self.cachedPromptTokens = min(max(0, cachedPromptTokens), self.promptTokens)
    self.completionTokens = max(0, completionTokens)
    self.reasoningTokens = min(max(0, reasoningTokens), self.completionTokens)
    self.audioMilliseconds = max(0, audioMilliseconds)
  }

  /// Both usages together.
  package func adding(_ other: TokenUsage) -> TokenUsage {
    TokenUsage(
      promptTokens: promptTokens + other.promptTokens,
      cachedPromptTokens: cachedPromptTokens + other.cachedPromptTokens,
      completionTokens: completionTokens + other.completionTokens,
      reasoningTokens: reasoningTokens + other.reasoningTokens,
      audioMilliseconds: audioMilliseconds + other.audioMilliseconds)
  }
}

/// What kind of work a request asked for. The raw value is what the ledger holds.
package enum RequestKind: Int64, Sendable, CaseIterable {
  case chat = 1
  case completion = 2
  case embedding = 3
  case transcription = 4
  case rerank = 5
}

/// How a request ended. The raw value is what the ledger holds; the list is closed.
package enum RequestStatus: Int64, Sendable, CaseIterable {
  /// Answered to its natural end.
  case completed = 1
  /// The client went away; what was decoded until then is counted.
  case cancelled = 2
  /// Stopped at the last affordable token.
  case stoppedByBudget = 3
  /// Refused after admission for a fault of the request.
  case rejected = 4
  /// The server failed, before the first byte or later.
  case failed = 5
  /// The lease went out of scope without being settled.
  case abandoned = 6
  /// The process ended while the request was open; found at the next start.
  case abortedByCrash = 7

  /// Whether the request is charged: what the server or a crash spoiled never is.
  package var isBillable: Bool {
    switch self {
    case .completed, .cancelled, .stoppedByBudget: true
    case .rejected, .failed, .abandoned, .abortedByCrash: false
    }
  }
}

/// The end of a request, as the engine's counters tell it.
package struct Settlement: Sendable {
  /// What was really computed and generated.
  package var usage: TokenUsage
  /// How it ended.
  package var status: RequestStatus
  /// The HTTP status that the client saw.
  package var httpStatus: Int64
  /// From the request's arrival to its end.
  package var latency: Duration
  /// From the request's arrival to the first token, nil where none came.
  package var timeToFirstToken: Duration?

  /// The end of a request.
  package init(
    usage: TokenUsage, status: RequestStatus, httpStatus: Int64, latency: Duration,
    timeToFirstToken: Duration? = nil
  ) {
    self.usage = usage
    self.status = status
    self.httpStatus = httpStatus
    self.latency = latency
    self.timeToFirstToken = timeToFirstToken
  }
}

extension Duration {
  /// Whole microseconds, at least 0.
  var microseconds: Int64 {
    let parts = components
    return max(0, parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)
  }
}
