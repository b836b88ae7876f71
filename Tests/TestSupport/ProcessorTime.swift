// How long work takes, whatever else the machine does meanwhile.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The processor time that `body` takes on the thread that calls it. Unlike the time of a clock it
/// does not grow while other programs run, except for what they take away of shared caches.
public func processorTime<Failure: Error>(
  _ body: () throws(Failure) -> Void
) throws(Failure) -> Duration {
  let start = threadTime()
  try body()
  return threadTime() - start
}

/// The least processor time of `body` in some attempts, of which the first within `limit` is the last.
///
/// What others do to caches, and on the same core where a processor is half of one, is not its doing, and
/// may last for seconds: after the first few attempts each waits for one.
public func leastProcessorTime(
  within limit: Duration, _ body: () -> Void
) async throws -> Duration {
  var least = processorTime(body)
  for attempt in 1..<40 where least > limit {
    if attempt >= 5 { try await Task.sleep(for: .seconds(1)) }
    least = min(least, processorTime(body))
  }
  return least
}

private func threadTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
