// One bucket against a plain one, which counts tokens in exact fractions.

import Metering
import Testing

/// A token bucket as textbooks have it. Levels are in units of 1/60,000,000,000 of a token, so that
/// a nanosecond of refilling is a whole number.
private struct PlainBucket {
  static let unit: Int128 = 60_000_000_000
  let perMinute: Int128
  let burst: Int128
  var level: Int128
  var time: Int64

  init(_ limit: RateLimit, at now: Int64) {
    perMinute = Int128(limit.perMinute)
    burst = Int128(limit.burst) * Self.unit
    level = burst
    time = now
  }

  mutating func refill(to now: Int64) {
    level = min(burst, level + Int128(now - time) * perMinute)
    time = now
  }

  mutating func take(_ cost: Int64) { level -= Int128(cost) * Self.unit }
  mutating func giveBack(_ cost: Int64) { level = min(burst, level + Int128(cost) * Self.unit) }
  var whole: Int64 { Int64(max(0, level / Self.unit)) }
}

@Suite struct GCRABucketTests {
  /// Limits that divide a minute's nanoseconds, where both buckets are exact.
  private static let exact: [(Int64, Int64)] = [(1, 1), (60, 10), (600, 100), (1_000_000, 5000)]
  /// Limits that do not, where ours rounds against the client.
  private static let rounded: [(Int64, Int64)] = [(7, 3), (700_001, 90_000), (59_999_999_999, 7)]

  @Test(arguments: exact, [1, 2, 3] as [UInt64])
  func aBucketDecidesAsAPlainOneDoes(_ numbers: (Int64, Int64), seed: UInt64) throws {
    let limit = try #require(RateLimit(perMinute: numbers.0, burst: numbers.1))
    var generator = SeededGenerator(seed: seed)
    var now: Int64 = 5_000_000_000
    var bucket = GCRABucket()
    var plain = PlainBucket(limit, at: now)
    for _ in 0..<2000 {
      now += Int64.random(in: 0...(120_000_000_000 / numbers.0), using: &generator)
      plain.refill(to: now)
      let cost = Int64.random(in: 0...numbers.1, using: &generator)
      let fits = plain.level >= Int128(cost) * PlainBucket.unit
      #expect(bucket.remaining(under: limit, at: now) == plain.whole)
      let wait = try #require(bucket.wait(for: cost, under: limit, at: now))
      #expect((wait == 0) == fits)
      guard fits else {
        // Told to wait so long, it fits then and not a nanosecond sooner.
        #expect(bucket.wait(for: cost, under: limit, at: now + wait) == 0)
        #expect(bucket.wait(for: cost, under: limit, at: now + wait - 1) == 1)
        continue
      }
      bucket.take(cost, under: limit, at: now)
      plain.take(cost)
    }
  }

  @Test(arguments: exact + rounded, [11, 12, 13] as [UInt64])
  func refundsNeverLeaveABucketAboveAPlainOne(_ numbers: (Int64, Int64), seed: UInt64) throws {
    let limit = try #require(RateLimit(perMinute: numbers.0, burst: numbers.1))
    var generator = SeededGenerator(seed: seed)
    var now: Int64 = 5_000_000_000
    var bucket = GCRABucket()
    var plain = PlainBucket(limit, at: now)
    var open: [(cost: Int64, arrival: Int64)] = []
    for _ in 0..<5000 {
      now += Int64.random(in: 0...(60_000_000_000 / numbers.0 + 1), using: &generator)
      plain.refill(to: now)
      if Bool.random(using: &generator) {
        let cost = Int64.random(in: 1...numbers.1, using: &generator)
        guard bucket.wait(for: cost, under: limit, at: now) == 0 else { continue }
        let arrival = bucket.take(cost, under: limit, at: now)
        plain.take(cost)
        #expect(plain.level >= 0)
        open.append((cost, arrival))
      } else if let index = open.indices.randomElement(using: &generator) {
        let (cost, arrival) = open.remove(at: index)
        let unused = Int64.random(in: 0...cost, using: &generator)
        bucket.giveBack(unused, under: limit, arrivalAfterTaking: arrival, at: now)
        plain.giveBack(unused)
      }
      #expect(bucket.remaining(under: limit, at: now) <= plain.whole)
    }
  }

  @Test(arguments: exact + rounded)
  func inAnySpanAtMostTheBurstAndTheRateAreAdmitted(_ numbers: (Int64, Int64)) throws {
    let limit = try #require(RateLimit(perMinute: numbers.0, burst: numbers.1))
    var generator = SeededGenerator(seed: 5)
    var now: Int64 = 1
    var bucket = GCRABucket()
    var history: [(time: Int64, cost: Int64)] = []
    for _ in 0..<1500 {
      now += Int64.random(in: 0...(40_000_000_000 / numbers.0 + 1), using: &generator)
      let cost = Int64.random(in: 1...max(1, numbers.1 / 3), using: &generator)
      guard bucket.wait(for: cost, under: limit, at: now) == 0 else { continue }
      bucket.take(cost, under: limit, at: now)
      history.append((now, cost))
    }
    for start in stride(from: 0, to: history.count, by: 17) {
      var sum: Int128 = 0
      for entry in history[start...] {
        sum += Int128(entry.cost)
        let span = Int128(entry.time - history[start].time)
        #expect(
          sum * PlainBucket.unit
            <= Int128(numbers.1) * PlainBucket.unit + span * Int128(numbers.0))
      }
    }
  }

  @Test func whatIsLargerThanTheBurstNeverFits() throws {
    let limit = try #require(RateLimit(perMinute: 60, burst: 10))
    #expect(GCRABucket().wait(for: 11, under: limit, at: 0) == nil)
    #expect(GCRABucket().wait(for: .max, under: limit, at: 0) == nil)
    #expect(GCRABucket().wait(for: 10, under: limit, at: 0) == 0)
  }

  @Test func debtIsWorkedOffAndHugeDebtDoesNotOverflow() throws {
    let limit = try #require(RateLimit(perMinute: 60, burst: 2))
    var bucket = GCRABucket()
    bucket.take(10, under: limit, at: 0)
    #expect(bucket.remaining(under: limit, at: 0) == 0)
    #expect(bucket.wait(for: 0, under: limit, at: 0) == 8_000_000_000)
    #expect(bucket.wait(for: 1, under: limit, at: 0) == 9_000_000_000)
    #expect(bucket.wait(for: 1, under: limit, at: 9_000_000_000) == 0)
    bucket.take(.max, under: limit, at: 0)
    bucket.take(.max, under: limit, at: .max / 4)
    #expect(bucket.remaining(under: limit, at: .max / 4) == 0)
  }

  @Test func limitsOutsideTheRangeOfTimeAreNone() {
    #expect(RateLimit(perMinute: 0, burst: 1) == nil)
    #expect(RateLimit(perMinute: 1, burst: 0) == nil)
    #expect(RateLimit(perMinute: -1, burst: 5) == nil)
    #expect(RateLimit(perMinute: 1, burst: .max) == nil)
    #expect(RateLimit(perMinute: .max, burst: 1) != nil)
    #expect(LimitRule.requestLimit(perMinute: 3)?.burst == 5)
    #expect(LimitRule.requestLimit(perMinute: 600)?.burst == 100)
    #expect(LimitRule.tokenLimit(perMinute: 10_000)?.burst == 10_000)
  }

  /// A limit that was raised must not leave its key waiting for the old one, and one that was
  /// lowered must not give the units back that were taken.
  @Test func whatIsOwedStaysTheSameInUnitsWhereTheLimitChanges() throws {
    let slow = try #require(RateLimit(perMinute: 1, burst: 10))
    let fast = try #require(RateLimit(perMinute: 600, burst: 10))
    for (first, second) in [(slow, fast), (fast, slow)] {
      var bucket = GCRABucket()
      bucket.take(10, under: first, at: 1000)
      #expect(bucket.remaining(under: second, at: 1000) == 0)
      #expect(bucket.wait(for: 1, under: second, at: 1000) == 60_000_000_000 / second.perMinute)
      let taken = bucket.take(1, under: second, at: 1000)
      #expect(taken == 1000 + 11 * 60_000_000_000 / second.perMinute)
      // What was reserved under the first limit comes back in units of the second.
      bucket.giveBack(
        4, under: first, arrivalAfterTaking: 1000 + 10 * 60_000_000_000 / first.perMinute, at: 1000)
      #expect(bucket.remaining(under: second, at: 1000) == 3)
    }
  }
}
