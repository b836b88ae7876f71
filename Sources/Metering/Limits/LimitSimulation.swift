// What limits would have done to the requests of the past: a replay through the real limiter.

/// One past request, as far as limits see it.
package struct PastRequest: Hashable, Sendable {
  package let startedMilliseconds: Int64
  package let endedMilliseconds: Int64
  package let cost: LimitCost

  /// A request with these times and this cost.
  package init(startedMilliseconds: Int64, endedMilliseconds: Int64, cost: LimitCost) {
    self.startedMilliseconds = startedMilliseconds
    self.endedMilliseconds = max(startedMilliseconds, endedMilliseconds)
    self.cost = cost
  }
}

/// How many of them a rule would have let through.
package struct LimitSimulation: Hashable, Sendable {
  package private(set) var admitted = 0
  /// Refused, by the meter that refused.
  package private(set) var refused: [LimitMeter: Int] = [:]

  /// Replays requests, in any order, under a rule. What was refused is not tried again, though a
  /// client would.
  package init(_ requests: [PastRequest], under rule: LimitRule) {
    var limiter = Limiter()
    let rules = [(scope: LimitScope.key(.local), rule: rule)]
    var running: [(end: Int64, reservation: Limiter.Reservation)] = []
    for request in requests.sorted(by: { $0.startedMilliseconds < $1.startedMilliseconds }) {
      let now = request.startedMilliseconds
      if rule.parallel != nil {
        for (end, reservation) in running where end <= now {
          limiter.settle(reservation, used: reservation.cost, at: end * 1_000_000)
        }
        running.removeAll { $0.end <= now }
      }
      do throws(RateRefusal) {
        let (reservation, _) = try limiter.admit(
          rules, cost: request.cost, at: now * 1_000_000)
        admitted += 1
        if rule.parallel != nil { running.append((request.endedMilliseconds, reservation)) }
      } catch { refused[error.meter, default: 0] += 1 }
    }
  }
}
