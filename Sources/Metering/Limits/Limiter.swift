// All limits of a server in one value: a request passes every one of them or takes from none.
//
// A pure value without clock, lock or store: the front door keeps it behind its lock, tests replay
// histories through it.

/// One scope and the limits that hold in it.
package typealias ScopedRule = (scope: LimitScope, rule: LimitRule)

/// The state of every bucket and of every count of running requests.
package struct Limiter: Sendable {
  /// What one request took, to be settled once.
  package struct Reservation: Sendable {
    struct Held: Sendable {
      let scope: LimitScope
      let rule: LimitRule
      /// Where the buckets of tokens stood after the last taking.
      var state: ScopeState
    }
    var held: [Held] = []
    var cost: LimitCost
  }

  /// How long a request that met a full count of running ones is told to wait: nobody knows when
  /// one of them ends.
  private static let parallelWaitNanoseconds: Int64 = 1_000_000_000

  private(set) var scopes: [LimitScope: ScopeState] = [:]
  /// Those scopes in the order in which they were seen, for walks in parts.
  private(set) var order: [LimitScope] = []
  /// How often scopes were forgotten: then a walk has to begin anew.
  package private(set) var sweepCount = 0
  private var sweepAt = 1024

  /// A limiter that has seen nothing.
  ///
  /// - Parameter expectedScopes: makes room for so many, so that growing leaves nothing behind.
  package init(expectedScopes: Int = 0) {
    scopes.reserveCapacity(expectedScopes)
    order.reserveCapacity(expectedScopes)
  }

  /// How many scopes are remembered; those at rest are forgotten now and then.
  package var scopeCount: Int { scopes.count }
  /// How many requests hold a place, summed over all scopes.
  package var runningCount: Int64 { scopes.values.reduce(0) { $0 + $1.running } }

  /// Takes `cost` from every limit of every scope, or throws and takes nothing.
  package mutating func admit(
    _ rules: [ScopedRule], cost: LimitCost, at now: Int64
  ) throws(RateRefusal) -> (reservation: Reservation, decision: RateDecision) {
    try check(rules, cost: cost, at: now)
    sweep(at: now)
    var reservation = Reservation(cost: cost)
    reservation.held.reserveCapacity(rules.count)
    var decision = RateDecision()
    for (scope, rule) in rules {
      var state = scopes[scope] ?? ScopeState()
      for meter in LimitMeter.rates {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        state[meter].take(cost.amount(of: meter), under: limit, at: now)
      }
      state.running += 1
      remember(scope, state)
      reservation.held.append(.init(scope: scope, rule: rule, state: state))
      decision.note(rule, state, at: now)
    }
    return (reservation, decision)
  }

  /// Throws what `admit` would throw, and takes nothing.
  package func check(
    _ rules: [ScopedRule], cost: LimitCost, at now: Int64
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
      let state = scopes[scope] ?? ScopeState()
      for meter in LimitMeter.rates {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        let wait = state[meter].wait(for: cost.amount(of: meter), under: limit, at: now)
        if wait == 0 { continue }
        let free = state[meter].remaining(under: limit, at: now)
        consider(
          scope, meter, wait: wait, limit: limit.perMinute, used: max(0, limit.perMinute - free))
      }
      if let limit = rule.parallel, state.running >= limit {
        consider(
          scope, .parallel, wait: limit > 0 ? Self.parallelWaitNanoseconds : nil, limit: limit,
          used: state.running)
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
    for index in reservation.held.indices {
      let (scope, rule) = (reservation.held[index].scope, reservation.held[index].rule)
      var state = scopes[scope] ?? ScopeState()
      for meter in [LimitMeter.outputTokens, .tokens] {
        guard let limit = rule.rateLimit(of: meter) else { continue }
        state[meter].take(outputTokens, under: limit, at: now)
      }
      remember(scope, state)
      reservation.held[index].state = state
    }
  }

  /// Ends a request: gives back what was reserved and not used, takes what was used beyond it,
  /// frees its places among the running ones. The request itself is never given back.
  package mutating func settle(
    _ reservation: consuming Reservation, used: LimitCost, at now: Int64
  ) {
    for held in reservation.held {
      var state = scopes[held.scope] ?? ScopeState()
      for meter in LimitMeter.tokenRates {
        guard let limit = held.rule.rateLimit(of: meter) else { continue }
        let difference = reservation.cost.amount(of: meter) - used.amount(of: meter)
        if difference > 0 {
          state[meter].giveBack(
            difference, under: limit, arrivalAfterTaking: held.state[meter].arrival, at: now)
        } else if difference < 0 {
          state[meter].take(-difference, under: limit, at: now)
        }
      }
      state.running = max(0, state.running - 1)
      remember(held.scope, state)
    }
  }

  /// The limits as they stand, the tightest of each kind.
  package func decision(_ rules: [ScopedRule], at now: Int64) -> RateDecision {
    rules.reduce(into: RateDecision()) { decision, entry in
      decision.note(entry.rule, scopes[entry.scope] ?? ScopeState(), at: now)
    }
  }

  /// Takes one request from a limit that stands outside any lease, such as that on failed
  /// authentications of an address.
  ///
  /// - Returns: nanoseconds to wait where it does not fit, 0 where it did and was taken.
  package mutating func strike(_ scope: LimitScope, under limit: RateLimit, at now: Int64) -> Int64
  {
    var state = scopes[scope] ?? ScopeState()
    let wait = state[.requests].wait(for: 1, under: limit, at: now) ?? 0
    guard wait == 0 else { return wait }
    state[.requests].take(1, under: limit, at: now)
    sweep(at: now)
    remember(scope, state)
    return 0
  }

  /// Puts the state of a scope in the place of what was known of it.
  mutating func remember(_ scope: LimitScope, _ state: ScopeState) {
    if scopes.updateValue(state, forKey: scope) == nil { order.append(scope) }
  }

  /// Forgets scopes at rest: one whose buckets are full is the same as one never seen.
  private mutating func sweep(at now: Int64) {
    guard scopes.count >= sweepAt else { return }
    scopes = scopes.filter { !$0.value.isAtRest(at: now) }
    order = order.filter { scopes[$0] != nil }
    sweepCount += 1
    sweepAt = max(1024, scopes.count * 2)
  }
}
