// What a decision about limits tells the client: figures for headers, figures for a refusal.

/// The limits that a request met, as they stand after the decision: all that the headers need.
package struct RateDecision: Hashable, Sendable {
  /// One rate limit as headers show it.
  package struct Window: Hashable, Sendable {
    /// Units a minute (`x-ratelimit-limit-…`).
    package let limit: Int64
    /// Units that fit at once after a rest.
    package let burst: Int64
    /// Whole units that would fit now (`x-ratelimit-remaining-…`).
    package let remaining: Int64
    /// Nanoseconds until all of the burst is there again (`x-ratelimit-reset-…`).
    package let resetNanoseconds: Int64
    /// Nanoseconds until one unit fits; 0 where it does now.
    let nextNanoseconds: Int64

    /// The text of `x-ratelimit-reset-…`.
    package var resetText: String { durationText(nanoseconds: resetNanoseconds) }
    /// Whole seconds, rounded up (`t` of the `RateLimit` header): until all is there again, or where
    /// nothing is left until the next unit is, so that `Retry-After` names no earlier moment.
    package var resetSeconds: Int64 {
      ((remaining == 0 ? nextNanoseconds : resetNanoseconds) + 999_999_999) / 1_000_000_000
    }
  }

  /// A limit on requests at the same time, as headers show it.
  package struct Parallel: Hashable, Sendable {
    /// How many may run.
    package let limit: Int64
    /// How many run now, this one included.
    package let running: Int64
  }

  /// The limit that refused the request.
  package struct Refusing: Hashable, Sendable {
    package let meter: LimitMeter
    /// Whole seconds, rounded up, until the same request fits, as `Retry-After` says; nil where it
    /// never can.
    package let waitSeconds: Int64?
  }

  /// The limit that refused the request; nil where it was let in.
  package var refusing: Refusing?
  /// The tightest limit on requests, nil where there is none.
  package var requests: Window?
  /// The tightest limit on tokens of any kind, nil where there is none.
  package var tokens: Window?
  /// The tightest limit on requests at the same time, nil where there is none.
  package var parallel: Parallel?

  /// A decision that met no limit.
  package init() {}

  /// Takes the limits of one scope into account.
  mutating func note(_ rule: LimitRule, _ state: ScopeState, at now: Int64) {
    for meter in LimitMeter.rates {
      guard let limit = rule.rateLimit(of: meter) else { continue }
      let window = Window(
        limit: limit.perMinute, burst: limit.burst,
        remaining: state[meter].remaining(under: limit, at: now),
        resetNanoseconds: state[meter].timeToFull(under: limit, at: now),
        nextNanoseconds: state[meter].wait(for: 1, under: limit, at: now) ?? 0)
      if meter.countsTokens {
        tokens = tokens.map { $0.isTighter(than: window) ? $0 : window } ?? window
      } else {
        requests = requests.map { $0.isTighter(than: window) ? $0 : window } ?? window
      }
    }
    guard let limit = rule.parallel else { return }
    if let parallel, parallel.limit - parallel.running <= limit - state.running { return }
    parallel = Parallel(limit: limit, running: state.running)
  }
}

extension RateDecision.Window {
  /// Whether less is left in this window, or as much under a limit that is no higher.
  fileprivate func isTighter(than other: Self) -> Bool {
    (remaining, limit) <= (other.remaining, other.limit)
  }
}

/// Which limit refused a request, and when it would not.
package struct RateRefusal: Error, Hashable, Sendable {
  package let scope: LimitScope
  package let meter: LimitMeter
  /// Units a minute, or requests at the same time.
  package let limit: Int64
  /// Units of it that are taken.
  package let used: Int64
  /// Units that were asked for.
  package let requested: Int64
  /// Nanoseconds until the same request fits, nil where it never can.
  package let waitNanoseconds: Int64?
  /// All limits as they stand.
  package let decision: RateDecision
}
