// What buckets owe, in a form that outlives the process: a restart gives nobody a full bucket.

/// How far one bucket is from full.
package struct BucketDebt: Hashable, Sendable {
  package let scope: LimitScope
  package let meter: LimitMeter
  /// Nanoseconds that a unit takes under the limit that it was counted with.
  package let interval: Int64
  /// Nanoseconds until the bucket is full.
  package let owed: Int64
}

extension Limiter {
  /// The buckets that are not full for longer than this, of so many scopes from a place in their order
  /// on. Those of addresses are left out: no address is written down for a limit.
  package func debts(
    at now: Int64, longerThan least: Int64, from place: Int, count: Int
  ) -> [BucketDebt] {
    var debts: [BucketDebt] = []
    for scope in order.dropFirst(place).prefix(count) {
      if case .address = scope { continue }
      guard let state = scopes[scope] else { continue }
      for meter in LimitMeter.rates {
        let (interval, owed) = state[meter].debt(at: now)
        if owed > least {
          debts.append(BucketDebt(scope: scope, meter: meter, interval: interval, owed: owed))
        }
      }
    }
    return debts
  }

  /// Takes debts over from another process. A bucket that owes more already stays as it is.
  ///
  /// - Parameter elapsed: nanoseconds since they were owed, which is what has refilled.
  package mutating func adopt(_ debts: [BucketDebt], elapsed: Int64, at now: Int64) {
    for debt in debts where debt.owed > elapsed && debt.interval > 0 {
      var state = scopes[debt.scope] ?? ScopeState()
      let bucket = GCRABucket(interval: debt.interval, owed: debt.owed - elapsed, at: now)
      if bucket.arrival > state[debt.meter].arrival { state[debt.meter] = bucket }
      remember(debt.scope, state)
    }
  }
}
