// What the server counts about itself: requests, tokens and times, never who or what.

import Metering
import Synchronization

/// The counters of a server. Labels are routes and statuses, of which there are few; no key, no
/// address and no path that a client chose is one.
final class ServerMetrics: Sendable {
  /// The requests that are counted together.
  struct Kind: Hashable, Sendable {
    let route: String
    let status: Int
  }

  struct Counts: Sendable {
    var requests: [Kind: Int] = [:]
    /// Requests that shared the answer of another.
    var joined = 0
    var usage = TokenUsage()
    /// Answers of which a part of the prompt was in a cache.
    var prefixHits = 0
    /// From a request's arrival to its first token.
    var firstToken = Histogram(
      bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
    /// From one token of a choice to the next.
    var betweenTokens = Histogram(
      bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
    /// From a request's arrival to its end, whatever it asked for.
    var whole = Histogram(
      bounds: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
  }

  private let state = Mutex(Counts())

  /// Everything so far.
  var counts: Counts { state.withLock { $0 } }

  func ended(_ kind: Kind, after time: Duration) {
    state.withLock { counts in
      counts.requests[kind, default: 0] += 1
      counts.whole.add(time)
    }
  }

  func joined() {
    state.withLock { $0.joined += 1 }
  }

  func used(_ usage: TokenUsage) {
    state.withLock { counts in
      counts.usage = counts.usage.adding(usage)
      if usage.cachedPromptTokens > 0 { counts.prefixHits += 1 }
    }
  }

  func firstToken(after time: Duration) {
    state.withLock { $0.firstToken.add(time) }
  }

  func nextToken(after time: Duration) {
    state.withLock { $0.betweenTokens.add(time) }
  }
}
