// What is remembered of one scope: its four buckets and how many of its requests run.

/// The buckets of one scope. Those without a limit stay full and cost nothing.
struct ScopeState: Hashable, Sendable {
  private var requests = GCRABucket()
  private var inputTokens = GCRABucket()
  private var outputTokens = GCRABucket()
  private var tokens = GCRABucket()
  /// How many of the scope's requests run.
  var running: Int64 = 0

  /// The bucket of a rate.
  subscript(meter: LimitMeter) -> GCRABucket {
    get {
      switch meter {
      case .inputTokens: inputTokens
      case .outputTokens: outputTokens
      case .tokens: tokens
      case .requests, .parallel: requests
      }
    }
    set {
      switch meter {
      case .inputTokens: inputTokens = newValue
      case .outputTokens: outputTokens = newValue
      case .tokens: tokens = newValue
      case .requests, .parallel: requests = newValue
      }
    }
  }

  /// Whether the scope is as if it had never been seen.
  func isAtRest(at now: Int64) -> Bool {
    running == 0 && LimitMeter.rates.allSatisfy { self[$0].isAtRest(at: now) }
  }
}
