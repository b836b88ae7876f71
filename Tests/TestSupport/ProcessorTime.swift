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

private func threadTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
