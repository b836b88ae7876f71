// All limits of a server in one value: a request passes every one of them or takes from none.
//
// A pure value without clock, lock or store: the front door keeps it behind its lock, tests replay
// histories through it.

/// The state of every bucket and of every count of running requests.
package struct Limiter: Sendable {
  private struct BucketID: Hashable {
    let scope: LimitScope
    let meter: LimitMeter
  }

  /// What one request took, to be given back or settled once.
  package struct Reservation: Sendable {
    struct Taken: Sendable {
      let scope: LimitScope
      let meter: LimitMeter
      let limit: RateLimit
      var amount: Int64
      var arrivalAfterTaking: Int64
    }
    var taken: [Taken] = []
    var parallelScopes: [LimitScope] = []
    var cost = LimitCost(requests: 0)
  }

  private static let rateMeters: [LimitMeter] = [.requests, .inputTokens, .outputTokens, .tokens]
  /// How long a request that met a full count of running ones is told to wait: nobody knows when
  /// one of them ends.
  private static let parallelWaitNanoseconds: Int64 = 1_000_000_000

  private var buckets: [BucketID: GCRABucket] = [:]
  private var running: [LimitScope: Int64] = [:]
  private var sweepAt = 1024

  /// A limiter that has seen nothing.
  package init() {}

  /// How many buckets are held; full ones are dropped now and then.
  package var bucketCount: Int { buckets.count }
  /// How many requests hold a place in some limit on running ones.
  package var runningCount: Int64 { running.values.reduce(0, +) }

  /// Takes `cost` from every limit of every scope, or throws and takes nothing.
  package mutating func admit(
    _ rules: [(scope: LimitScope, rule: LimitRule)], cost: LimitCost, at now: Int64
  ) throws(RateRefusal) -> (reservation: Reservation, decision: RateDecision) {
    try check(rules, cost: cost, at: now)
    sweep(at: now)
    var reservation = Reservation()
    reservation.cost = cost
    for (scope, rule) in rules {
      for meter in Self.rateMeters {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        let amount = cost.amount(of: meter)
        let arrival = buckets[BucketID(scope: scope, meter: meter), default: GCRABucket()]
          .take(amount, under: limit, at: now)
        reservation.taken.append(
          .init(
            scope: scope, meter: meter, limit: limit, amount: amount, arrivalAfterTaking: arrival))
      }
      if rule.parallel != nil {
        running[scope, default: 0] += 1
        reservation.parallelScopes.append(scope)
      }
    }
    return (reservation, decision(rules, at: now))
  }

  /// Throws what `admit` would throw, and takes nothing.
  package func check(
    _ rules: [(scope: LimitScope, rule: LimitRule)], cost: LimitCost, at now: Int64
  ) throws(RateRefusal) {
    // Of several limits that refuse, the one that takes longest to pass is named, so that a client
    // that waits as told is not refused again by another.
    var worst: (scope: LimitScope, meter: LimitMeter, wait: Int64?, limit: Int64, used: Int64)?
    func consider(
      _ scope: LimitScope, _ meter: LimitMeter, wait: Int64?, limit: Int64, used: Int64
    ) {
      if let worst, (worst.wait ?? .max) >= (wait ?? .max) { return }
      worst = (scope, meter, wait, limit, used)
    }
    for (scope, rule) in rules {
      for meter in Self.rateMeters {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        let bucket = buckets[BucketID(scope: scope, meter: meter)] ?? GCRABucket()
        let wait = bucket.wait(for: cost.amount(of: meter), under: limit, at: now)
        if wait == 0 { continue }
        let free = bucket.remaining(under: limit, at: now)
        consider(
          scope, meter, wait: wait, limit: limit.perMinute, used: max(0, limit.perMinute - free))
      }
      if let limit = rule.parallel {
        let count = running[scope] ?? 0
        if count < limit { continue }
        consider(
          scope, .parallel, wait: limit > 0 ? Self.parallelWaitNanoseconds : nil, limit: limit,
          used: count)
      }
    }
    guard let worst else { return }
    throw RateRefusal(
      scope: worst.scope, meter: worst.meter, limit: worst.limit, used: worst.used,
      requested: worst.meter == .parallel ? 1 : cost.amount(of: worst.meter),
      waitNanoseconds: worst.wait, decision: decision(rules, at: now))
  }

  /// Takes more output tokens for a running request; it may lead a bucket into debt, because an
  /// answer that runs is not cut for a limit on tokens.
  package mutating func extend(
    _ reservation: inout Reservation, outputTokens: Int64, at now: Int64
  ) {
    guard outputTokens > 0 else { return }
    reservation.cost.outputTokens += outputTokens
    for index in reservation.taken.indices {
      let taken = reservation.taken[index]
      guard taken.meter == .outputTokens || taken.meter == .tokens else { continue }
      reservation.taken[index].amount += outputTokens
      reservation.taken[index].arrivalAfterTaking =
        buckets[BucketID(scope: taken.scope, meter: taken.meter), default: GCRABucket()]
        .take(outputTokens, under: taken.limit, at: now)
    }
  }

  /// Ends a request: gives back what was reserved and not used, takes what was used beyond it,
  /// frees its places among the running ones. The request itself is never given back.
  package mutating func settle(
    _ reservation: consuming Reservation, used: LimitCost, at now: Int64
  ) {
    for taken in reservation.taken where taken.meter != .requests {
      let difference = taken.amount - used.amount(of: taken.meter)
      let id = BucketID(scope: taken.scope, meter: taken.meter)
      if difference == 0 { continue }
      var bucket = buckets[id] ?? GCRABucket()
      if difference > 0 {
        bucket.giveBack(
          difference, under: taken.limit, arrivalAfterTaking: taken.arrivalAfterTaking, at: now)
      } else {
        bucket.take(-difference, under: taken.limit, at: now)
      }
      buckets[id] = bucket
    }
    for scope in reservation.parallelScopes {
      let left = (running[scope] ?? 0) - 1
      running[scope] = left > 0 ? left : nil
    }
  }

  /// The limits as they stand, tightest first.
  package func decision(
    _ rules: [(scope: LimitScope, rule: LimitRule)], at now: Int64
  ) -> RateDecision {
    var decision = RateDecision()
    for (scope, rule) in rules {
      for meter in Self.rateMeters {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        let bucket = buckets[BucketID(scope: scope, meter: meter)] ?? GCRABucket()
        decision.note(
          .init(
            limit: limit.perMinute, burst: limit.burst,
            remaining: bucket.remaining(under: limit, at: now),
            resetNanoseconds: bucket.timeToFull(at: now)),
          countsTokens: meter.countsTokens)
      }
      if let limit = rule.parallel {
        decision.note(.init(limit: limit, running: running[scope] ?? 0))
      }
    }
    return decision
  }

  /// Takes one unit of a limit that stands outside any request, such as failed authentications.
  ///
  /// - Returns: nanoseconds to wait where it does not fit, 0 where it did and was taken.
  package mutating func strike(
    _ scope: LimitScope, _ meter: LimitMeter, under limit: RateLimit, at now: Int64
  ) -> Int64 {
    let id = BucketID(scope: scope, meter: meter)
    var bucket = buckets[id] ?? GCRABucket()
    let wait = bucket.wait(for: 1, under: limit, at: now) ?? 0
    guard wait == 0 else { return wait }
    bucket.take(1, under: limit, at: now)
    sweep(at: now)
    buckets[id] = bucket
    return 0
  }

  /// Drops full buckets: one that is full is the same as one that was never there.
  private mutating func sweep(at now: Int64) {
    guard buckets.count >= sweepAt else { return }
    buckets = buckets.filter { $0.value.arrival > now }
    sweepAt = max(1024, buckets.count * 2)
  }
}
