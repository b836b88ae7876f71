// The two clocks of the module, in integers, so that a test can hold both of them in its hand.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where the module reads time: a monotonic clock for limits, a wall clock for records.
package struct MeterClock: Sendable {
  /// Nanoseconds since an arbitrary start, never going back, at least 0.
  package let monotonicNanoseconds: @Sendable () -> Int64
  /// Milliseconds since 1970-01-01 00:00 UTC; may jump either way.
  package let wallMilliseconds: @Sendable () -> Int64

  /// A clock made of two functions.
  package init(
    monotonicNanoseconds: @escaping @Sendable () -> Int64,
    wallMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.monotonicNanoseconds = monotonicNanoseconds
    self.wallMilliseconds = wallMilliseconds
  }

  /// The machine's clocks.
  package static let system = MeterClock(
    monotonicNanoseconds: { read(CLOCK_MONOTONIC) },
    wallMilliseconds: { read(CLOCK_REALTIME) / 1_000_000 })

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
