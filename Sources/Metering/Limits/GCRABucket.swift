// One rate limit as a generic cell rate algorithm: the whole state is one integer, the theoretical
// arrival time. Nothing is refilled in the background, and no window has an edge to abuse.
//
// In any span of t seconds what is admitted is at most burst + limit · t / 60.

/// So many units a minute, with so many at once.
package struct RateLimit: Hashable, Sendable {
  /// Units a minute, at least 1.
  package let perMinute: Int64
  /// Units that fit at one moment after a long rest, at least 1.
  package let burst: Int64
  /// Nanoseconds that one unit takes, rounded up so that the published limit is never exceeded.
  let interval: Int64
  /// Nanoseconds that the arrival time may run ahead: burst · interval.
  let tolerance: Int64

  /// A limit, nil where either number is below 1 or the product leaves the range of time.
  package init?(perMinute: Int64, burst: Int64) {
    guard perMinute >= 1, burst >= 1 else { return nil }
    interval = (60_000_000_000 - 1) / perMinute + 1
    let (product, overflow) = burst.multipliedReportingOverflow(by: interval)
    guard !overflow, product <= Self.longestTolerance else { return nil }
    tolerance = product
    self.perMinute = perMinute
    self.burst = burst
  }

  /// A limit on what is wrong or in vain: a third of a minute's worth may come at once, at least 5. Nil
  /// below 1.
  package static func patience(perMinute: Int64) -> RateLimit? {
    RateLimit(perMinute: perMinute, burst: max(5, perMinute / 3))
  }

  /// Keeps every sum of a time and a tolerance far from overflow (73 years).
  private static let longestTolerance = Int64.max / 4
}

/// The state of one limit for one scope. Times are nanoseconds of one monotonic clock.
package struct GCRABucket: Hashable, Sendable {
  /// The theoretical arrival time; at or before now the bucket is full.
  package private(set) var arrival: Int64
  /// Nanoseconds that a unit took under the limit that the arrival time was counted with.
  private var interval: Int64 = 0

  /// A full bucket.
  package init() { arrival = .min }

  /// A bucket that owes so much time, under a limit of that interval.
  init(interval: Int64, owed: Int64, at now: Int64) {
    self.interval = interval
    let (end, overflow) = now.addingReportingOverflow(owed)
    arrival = overflow ? .max / 2 : min(end, .max / 2)
  }

  /// Nanoseconds of a unit, and until the bucket is full.
  func debt(at now: Int64) -> (interval: Int64, owed: Int64) {
    (interval, arrival > now ? arrival - now : 0)
  }

  /// The arrival time under a limit. Where the limit was changed since, what is owed stays the same
  /// in units and takes the time of the new one: a limit that was raised helps at once.
  private func arrival(under limit: RateLimit, at now: Int64) -> Int64 {
    guard interval != limit.interval, interval > 0, arrival > now else { return arrival }
    let units = (arrival - now - 1) / interval + 1
    let (time, overflow) = units.multipliedReportingOverflow(by: limit.interval)
    let end = now.addingReportingOverflow(time)
    return overflow || end.overflow ? .max / 2 : min(end.partialValue, .max / 2)
  }

  /// Nanoseconds until `cost` fits: 0 where it does now, nil where it never can.
  package func wait(for cost: Int64, under limit: RateLimit, at now: Int64) -> Int64? {
    guard cost <= limit.burst else { return nil }
    let arrival = arrival(under: limit, at: now)
    return max(0, max(now, arrival) - now + cost * limit.interval - limit.tolerance)
  }

  /// Takes `cost`, which may lead into debt, and gives the arrival time after it.
  @discardableResult
  package mutating func take(_ cost: Int64, under limit: RateLimit, at now: Int64) -> Int64 {
    let (time, overflow) = cost.multipliedReportingOverflow(by: limit.interval)
    let end = max(now, arrival(under: limit, at: now)).addingReportingOverflow(time)
    interval = limit.interval
    arrival = overflow || end.overflow ? .max / 2 : min(end.partialValue, .max / 2)
    return arrival
  }

  /// Gives back `unused` units of a reservation that ended at `arrivalAfterTaking`.
  ///
  /// What has refilled meanwhile is not given a second time.
  package mutating func giveBack(
    _ unused: Int64, under limit: RateLimit, arrivalAfterTaking: Int64, at now: Int64
  ) {
    let (time, overflow) = unused.multipliedReportingOverflow(by: limit.interval)
    let stillOwed = arrivalAfterTaking > now ? arrivalAfterTaking - now : 0
    guard stillOwed > 0 else { return }
    let back = overflow ? stillOwed : min(time, stillOwed)
    // Under a limit that was changed meanwhile it is the units that come back.
    arrival -= interval == limit.interval ? back : back / limit.interval * interval
  }

  /// Whole units that would fit now.
  package func remaining(under limit: RateLimit, at now: Int64) -> Int64 {
    max(0, (limit.tolerance - timeToFull(under: limit, at: now)) / limit.interval)
  }

  /// Nanoseconds until the bucket is full again.
  package func timeToFull(under limit: RateLimit, at now: Int64) -> Int64 {
    max(0, max(now, arrival(under: limit, at: now)) - now)
  }

  /// Whether the bucket is as if nothing had ever been taken.
  func isAtRest(at now: Int64) -> Bool { arrival <= now }
}
