// Limits as headers: OpenAI's, which clients read, and those of the IETF's draft on RateLimit
// header fields. Tokens have no unit in that draft and stay out of it. It wants `Retry-After` to
// name no earlier moment than `t`: of a refusal only the limit that refused is told, with the same
// time.

import HTTPTypes
import Metering

extension RateDecision {
  /// The headers of every answer whose request met a limit.
  var headers: HTTPFields {
    var fields = HTTPFields()
    var policies: [String] = []
    var states: [String] = []
    if let requests {
      fields[.requestLimit] = "\(requests.limit)"
      fields[.requestsRemaining] = "\(requests.remaining)"
      fields[.requestReset] = requests.resetText
      policies.append("\"rpm\";q=\(requests.limit);w=60")
      states.append("\"rpm\";r=\(requests.remaining);t=\(requests.resetSeconds)")
    }
    if let tokens {
      fields[.tokenLimit] = "\(tokens.limit)"
      fields[.tokensRemaining] = "\(tokens.remaining)"
      fields[.tokenReset] = tokens.resetText
    }
    if let parallel {
      policies.append("\"par\";q=\(parallel.limit);qu=\"concurrent-requests\"")
      states.append("\"par\";r=\(max(0, parallel.limit - parallel.running))")
    }
    if let refusing { states = refusing.state.map { [$0] } ?? [] }
    if !policies.isEmpty { fields[.rateLimitPolicy] = policies.joined(separator: ", ") }
    if !states.isEmpty { fields[.rateLimit] = states.joined(separator: ", ") }
    return fields
  }
}

extension RateDecision.Refusing {
  /// What `RateLimit` says of it; nil of tokens.
  fileprivate var state: String? {
    guard !meter.countsTokens else { return nil }
    return (meter == .parallel ? "\"par\";r=0" : "\"rpm\";r=0")
      + (waitSeconds.map { ";t=\($0)" } ?? "")
  }
}
