// Threads that compute: a parallel region costs about a microsecond, an idle pool nothing.

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A fixed number of threads that run one region at a time, the caller among them.
///
/// Between regions the threads spin for a moment, since the next region usually follows within
/// microseconds, and then sleep. Never call it from Swift's cooperative pool: it blocks.
package final class WorkerPool: Sendable {
  /// Threads of a region, the calling one included; at least 1.
  package let threadCount: Int
  private let state: PoolState

  /// Starts `threadCount - 1` threads, which end with the pool.
  package init(threadCount: Int) {
    self.threadCount = max(1, min(threadCount, 256))
    state = PoolState(workers: self.threadCount - 1)
    for index in 1..<max(1, self.threadCount) { state.startThread(index) }
  }

  deinit { state.stop() }

  /// Runs `body(worker)` once on every thread, `worker` in 0..<threadCount; returns when all have
  /// returned. Regions of several callers run one after another.
  package func run(_ body: (_ worker: Int) -> Void) {
    guard threadCount > 1 else { return body(0) }
    withoutActuallyEscaping(body) { state.run($0) }
  }

  /// Hands out `0..<count` in runs of at most `grain`; `body` gets a run and its worker's number.
  ///
  /// Which worker gets which run is not determined: what `body` computes must not depend on it.
  package func forEach(
    _ count: Int, grain: Int = 1, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    guard count > 0 else { return }
    if threadCount == 1 || count <= grain { return body(0..<count, 0) }
    let next = Counter()
    run { worker in
      while true {
        let start = next.value.wrappingAdd(grain, ordering: .relaxed).oldValue
        if start >= count { return }
        body(start..<min(start + grain, count), worker)
      }
    }
  }
}

/// A shared counter that regions take their work from.
private final class Counter: Sendable {
  let value = Atomic<Int>(0)
}

/// What the pool's threads share. They keep it alive, and it does not keep the pool alive.
private final class PoolState: @unchecked Sendable {
  private let workers: Int
  /// Counts regions; a worker runs when it changes.
  private let region = Atomic<Int>(0)
  private let unfinished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  /// Written by the caller before `region` changes, read by workers after.
  private var body: ((Int) -> Void)?
  private let callers: UnsafeMutablePointer<pthread_mutex_t>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let done: UnsafeMutablePointer<pthread_cond_t>

  /// Turns of the spinning loop, some 30 µs on an idle machine, before a thread sleeps.
  private static let spinLimit = 12_000
  /// Turns after which a spinning thread lets others run, should they want to.
  private static let yieldInterval = 256

  init(workers: Int) {
    self.workers = workers
    callers = .allocate(capacity: 1)
    lock = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    done = .allocate(capacity: 1)
    pthread_mutex_init(callers, nil)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(done, nil)
  }

  deinit {
    pthread_mutex_destroy(callers)
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(wake)
    pthread_cond_destroy(done)
    callers.deallocate()
    lock.deallocate()
    wake.deallocate()
    done.deallocate()
  }

  func run(_ work: @escaping (Int) -> Void) {
    pthread_mutex_lock(callers)
    body = work
    unfinished.store(workers, ordering: .relaxed)
    region.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(lock)
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(lock)
    }
    work(0)
    waitForWorkers()
    body = nil
    pthread_mutex_unlock(callers)
  }

  private func waitForWorkers() {
    for turn in 1...Self.spinLimit {
      if unfinished.load(ordering: .acquiring) == 0 { return }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while unfinished.load(ordering: .sequentiallyConsistent) > 0 { pthread_cond_wait(done, lock) }
    callerSleeps.store(false, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    region.wrappingAdd(1, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(lock)
  }

  func startThread(_ index: Int) {
    startDetachedThread(stackBytes: 1 << 20) { self.work(index) }
  }

  private func work(_ index: Int) {
    var seen = 0
    while true {
      seen = waitForRegion(after: seen)
      if stopped.load(ordering: .acquiring) { return }
      body!(index)
      if unfinished.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0,
        callerSleeps.load(ordering: .sequentiallyConsistent)
      {
        pthread_mutex_lock(lock)
        pthread_cond_signal(done)
        pthread_mutex_unlock(lock)
      }
    }
  }

  private func waitForRegion(after seen: Int) -> Int {
    for turn in 1...Self.spinLimit {
      let now = region.load(ordering: .acquiring)
      if now != seen { return now }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var now = region.load(ordering: .sequentiallyConsistent)
    while now == seen {
      pthread_cond_wait(wake, lock)
      now = region.load(ordering: .sequentiallyConsistent)
    }
    sleepers.wrappingSubtract(1, ordering: .relaxed)
    pthread_mutex_unlock(lock)
    return now
  }
}
