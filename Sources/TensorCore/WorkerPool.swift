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
/// microseconds, and then sleep. A thread that does not come, because another program has its core,
/// is not waited for: the others do its part. Never call it from Swift's cooperative pool: it blocks.
package final class WorkerPool: Sendable {
  /// Threads of a region, the calling one included; at least 1.
  package let threadCount: Int
  private let state: PoolState

  /// Starts `threadCount - 1` threads, which end with the pool.
  package init(threadCount: Int) {
    self.threadCount = max(1, min(threadCount, 256))
    state = PoolState()
    for index in 1..<max(1, self.threadCount) { state.startThread(index) }
  }

  deinit { state.stop() }

  /// Hands out `0..<count` in runs of at most `grain`; `body` gets a run and its worker's number.
  /// Returns when all runs are done. Regions of several callers run one after another.
  ///
  /// Which worker gets which run is not determined, nor whether all workers get one: what `body`
  /// computes must not depend on it.
  package func forEach(
    _ count: Int, grain: Int = 1, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    guard count > 0 else { return }
    if threadCount == 1 || count <= grain { return body(0..<count, 0) }
    withoutActuallyEscaping(body) { state.run(Region(count: count, grain: grain, body: $0)) }
  }
}

/// What the threads of a region do.
private struct Region {
  let count: Int
  let grain: Int
  let body: (Range<Int>, Int) -> Void
}

/// The number of the last region, whether threads may still join it, and how many have, in one word.
private struct Gate {
  var word: Int

  /// Threads that joined, the caller not among them.
  var joined: Int { word & 0xFFFF }
  var isOpen: Bool { word & Self.open != 0 }
  var region: Int { word >> 17 }

  static let open = 1 << 16

  static func opened(_ region: Int) -> Int { region << 17 | open }
}

/// What the pool's threads share. They keep it alive, and it does not keep the pool alive.
private final class PoolState: @unchecked Sendable {
  /// A `Gate`. Workers run when its region changes, unless it closed before they came.
  private let gate = Atomic<Int>(0)
  /// Where the next run of the region begins.
  private let next = Atomic<Int>(0)
  /// Threads that joined the region and are done.
  private let finished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  /// Written by the caller before the gate opens, read by workers that joined.
  private var region: Region?
  private let callers: UnsafeMutablePointer<pthread_mutex_t>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let done: UnsafeMutablePointer<pthread_cond_t>

  /// Turns of the spinning loop, some 30 µs on an idle machine, before a thread sleeps.
  private static let spinLimit = 12_000
  /// Turns after which a spinning thread lets others run, should they want to.
  private static let yieldInterval = 256

  init() {
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

  func run(_ work: Region) {
    pthread_mutex_lock(callers)
    region = work
    next.store(0, ordering: .relaxed)
    finished.store(0, ordering: .relaxed)
    let number = Gate(word: gate.load(ordering: .relaxed)).region + 1
    gate.store(Gate.opened(number), ordering: .sequentiallyConsistent)
    wakeSleepers()
    takeRuns(of: work, 0)
    let closed = gate.bitwiseAnd(~Gate.open, ordering: .sequentiallyConsistent).oldValue
    wait(for: Gate(word: closed).joined)
    region = nil
    pthread_mutex_unlock(callers)
  }

  private func takeRuns(of work: Region, _ worker: Int) {
    while true {
      let start = next.wrappingAdd(work.grain, ordering: .relaxed).oldValue
      if start >= work.count { return }
      work.body(start..<min(start + work.grain, work.count), worker)
    }
  }

  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(lock)
  }

  /// Waits until all who joined are done.
  private func wait(for joined: Int) {
    for turn in 1...Self.spinLimit {
      if finished.load(ordering: .acquiring) == joined { return }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while finished.load(ordering: .sequentiallyConsistent) < joined {
      pthread_cond_wait(done, lock)
    }
    callerSleeps.store(false, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    let number = Gate(word: gate.load(ordering: .relaxed)).region + 1
    gate.store(Gate.opened(number), ordering: .sequentiallyConsistent)
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
      guard join(seen) else { continue }
      takeRuns(of: region!, index)
      finished.wrappingAdd(1, ordering: .sequentiallyConsistent)
      // The caller knows how many it waits for, and is alone in it.
      guard callerSleeps.load(ordering: .sequentiallyConsistent) else { continue }
      pthread_mutex_lock(lock)
      pthread_cond_signal(done)
      pthread_mutex_unlock(lock)
    }
  }

  /// Joins the region unless it has closed: from then on its caller waits for this thread.
  private func join(_ number: Int) -> Bool {
    var current = Gate(word: gate.load(ordering: .acquiring))
    while current.isOpen, current.region == number {
      let (exchanged, original) = gate.weakCompareExchange(
        expected: current.word, desired: current.word + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = Gate(word: original)
    }
    return false
  }

  private func waitForRegion(after seen: Int) -> Int {
    for turn in 1...Self.spinLimit {
      let now = Gate(word: gate.load(ordering: .acquiring)).region
      if now != seen { return now }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var now = Gate(word: gate.load(ordering: .sequentiallyConsistent)).region
    while now == seen {
      pthread_cond_wait(wake, lock)
      now = Gate(word: gate.load(ordering: .sequentiallyConsistent)).region
    }
    sleepers.wrappingSubtract(1, ordering: .relaxed)
    pthread_mutex_unlock(lock)
    return now
  }
}
