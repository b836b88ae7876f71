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

  /// Starts `threadCount - 1` threads, or as many of them as the system grants, which end with the pool.
  package init(threadCount: Int) {
    state = PoolState()
    var started = 1
    while started < min(threadCount, 256), state.startThread(started) { started += 1 }
    self.threadCount = started
  }

  deinit { state.stop() }

  /// Hands out `0..<count` in runs of whole grains (`RunSchedule`); `body` gets a run and its worker's
  /// number. Returns when all runs are done. Regions of several callers run one after another.
  ///
  /// Which worker gets which run is not determined, nor whether all workers get one: what `body`
  /// computes must not depend on it.
  ///
  /// - Parameter isEven: whether the indices are alike in work. Where some may take much longer than
  ///   others a run is one grain.
  package func forEach(
    _ count: Int, grain: Int = 1, isEven: Bool = true,
    _ body: (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    guard count > 0 else { return }
    if threadCount == 1 || count <= grain { return body(0..<count, 0) }
    let schedule = RunSchedule(
      count: count, grain: grain, threadCount: threadCount, isEven: isEven)
    withoutActuallyEscaping(body) { state.run(Region(schedule: schedule, body: $0)) }
  }
}

/// What the threads of a region do.
private struct Region {
  let schedule: RunSchedule
  let body: (Range<Int>, Int) -> Void
}

/// A number in a cache line of its own, and in a pair of lines, which some processors fetch together:
/// what one thread writes is not in the way of what another waits for.
private struct LonelyNumber: ~Copyable {
  private let before = SIMD8<Int>()
  let number = Atomic<Int>(0)
  private let rest = SIMD8<Int>()
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
  private let gate = LonelyNumber()
  /// The next run of the region.
  private let ticket = LonelyNumber()
  /// Threads that joined the region and are done.
  private let finished = LonelyNumber()
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
  private static let yieldInterval = 1_024

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
    ticket.number.store(0, ordering: .relaxed)
    finished.number.store(0, ordering: .relaxed)
    let number = Gate(word: gate.number.load(ordering: .relaxed)).region + 1
    gate.number.store(Gate.opened(number), ordering: .sequentiallyConsistent)
    wakeSleepers()
    takeRuns(of: work, 0)
    let closed = gate.number.bitwiseAnd(~Gate.open, ordering: .sequentiallyConsistent).oldValue
    wait(for: Gate(word: closed).joined)
    region = nil
    pthread_mutex_unlock(callers)
  }

  private func takeRuns(of work: Region, _ worker: Int) {
    while true {
      let number = ticket.number.wrappingAdd(1, ordering: .relaxed).oldValue
      guard let run = work.schedule.run(number) else { return }
      work.body(run, worker)
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
      if finished.number.load(ordering: .acquiring) == joined { return }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while finished.number.load(ordering: .sequentiallyConsistent) < joined {
      pthread_cond_wait(done, lock)
    }
    callerSleeps.store(false, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    let number = Gate(word: gate.number.load(ordering: .relaxed)).region + 1
    gate.number.store(Gate.opened(number), ordering: .sequentiallyConsistent)
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(lock)
  }

  func startThread(_ index: Int) -> Bool {
    startDetachedThread(stackBytes: 1 << 20) { self.work(index) }
  }

  private func work(_ index: Int) {
    var seen = 0
    while true {
      seen = waitForRegion(after: seen)
      if stopped.load(ordering: .acquiring) { return }
      guard join(seen) else { continue }
      takeRuns(of: region!, index)
      finished.number.wrappingAdd(1, ordering: .sequentiallyConsistent)
      // The caller knows how many it waits for, and is alone in it.
      guard callerSleeps.load(ordering: .sequentiallyConsistent) else { continue }
      pthread_mutex_lock(lock)
      pthread_cond_signal(done)
      pthread_mutex_unlock(lock)
    }
  }

  /// Joins the region unless it has closed: from then on its caller waits for this thread.
  private func join(_ number: Int) -> Bool {
    var current = Gate(word: gate.number.load(ordering: .acquiring))
    while current.isOpen, current.region == number {
      let (exchanged, original) = gate.number.weakCompareExchange(
        expected: current.word, desired: current.word + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = Gate(word: original)
    }
    return false
  }

  private func waitForRegion(after seen: Int) -> Int {
    for turn in 1...Self.spinLimit {
      let now = Gate(word: gate.number.load(ordering: .acquiring)).region
      if now != seen { return now }
      if turn % Self.yieldInterval == 0 { sched_yield() }
    }
    pthread_mutex_lock(lock)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var now = Gate(word: gate.number.load(ordering: .sequentiallyConsistent)).region
    while now == seen {
      pthread_cond_wait(wake, lock)
      now = Gate(word: gate.number.load(ordering: .sequentiallyConsistent)).region
    }
    sleepers.wrappingSubtract(1, ordering: .relaxed)
    pthread_mutex_unlock(lock)
    return now
  }
}

/// How a region is cut into runs: long ones first, the last of one grain each.
///
/// Each round gives every thread one run, half of what is left all together. So threads even out at the
/// end, and take turns at the next run's number as rarely as they can: where they share no cache, that
/// costs as much as to multiply some thousand weights.
package struct RunSchedule: Sendable {
  private let count: Int
  private let grain: Int
  private let threadCount: Int
  private let isEven: Bool

  /// - Parameter isEven: false has all runs one grain long.
  package init(count: Int, grain: Int, threadCount: Int, isEven: Bool = true) {
    self.count = count
    self.grain = grain
    self.threadCount = threadCount
    self.isEven = isEven
  }

  /// Run `number`, from 0 on; nil behind the last.
  package func run(_ number: Int) -> Range<Int>? {
    var (start, number) = (0, number)
    while true {
      let size = isEven ? grain * max(1, (count - start) / (2 * threadCount * grain)) : grain
      if size == grain || number < threadCount {
        let first = start + number * size
        return first < count ? first..<min(first + size, count) : nil
      }
      start += threadCount * size
      number -= threadCount
    }
  }
}
