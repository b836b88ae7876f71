// The pool's promise: every index once, every region finished, no thread left behind.

import Synchronization
import TensorCore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite(.timeLimit(.minutes(5))) struct WorkerPoolTests {
  /// Counters that threads share, one a cache line apart would be faster: tests need not be.
  final class Counters: Sendable {
    private let values: [Counter]

    final class Counter: Sendable { let value = Atomic<Int>(0) }

    init(_ count: Int) { values = (0..<count).map { _ in Counter() } }

    func add(_ index: Int) { values[index].value.wrappingAdd(1, ordering: .relaxed) }

    var all: [Int] { values.map { $0.value.load(ordering: .relaxed) } }
  }

  @Test("Every index is handed out once", arguments: [1, 2, 3, 7])
  func everyIndexOnce(threads: Int) {
    let pool = WorkerPool(threadCount: threads)
    #expect(pool.threadCount == threads)
    for (count, grain) in [(0, 1), (1, 1), (2, 1), (10, 3), (1_000, 1), (1_000, 7), (64, 100)] {
      let counters = Counters(count)
      pool.forEach(count, grain: grain) { range, worker in
        #expect(worker >= 0 && worker < threads)
        #expect(!range.isEmpty)
        for index in range { counters.add(index) }
      }
      #expect(counters.all == [Int](repeating: 1, count: count))
    }
  }

  @Test("Runs follow one another, long ones first, and the last are one grain long")
  func schedule() {
    for threads in 1...9 {
      for (count, grain) in [(1, 1), (5, 2), (16, 1), (100, 7), (1_000, 1), (4_096, 64)] {
        let schedule = RunSchedule(count: count, grain: grain, threadCount: threads)
        let runs = (0..<count + threads).compactMap(schedule.run)
        #expect(runs.flatMap(Array.init) == Array(0..<count))
        #expect(runs.dropLast().allSatisfy { $0.count % grain == 0 })
        #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.count >= $1.count })
        // So that no thread is left with more than one grain when the others are done.
        #expect(runs.suffix(threads).allSatisfy { $0.count <= grain })
        #expect(runs[0].count <= max(grain, count / (2 * threads)))
      }
    }
    let uneven = RunSchedule(count: 10, grain: 3, threadCount: 2, isEven: false)
    #expect((0..<9).compactMap(uneven.run) == [0..<3, 3..<6, 6..<9, 9..<10])
    // Half as many turns as grains, and fewer where there are more.
    let runs = { RunSchedule(count: $0, grain: 1, threadCount: 2) }
    #expect((0..<100).compactMap(runs(16).run).count == 8)
    #expect((0..<100).compactMap(runs(128).run).count == 14)
  }

  #if os(Linux)
    @Test("A thread that does not come is not waited for")
    func absentThread() {
      let pool = WorkerPool(threadCount: 2)
      let worker = HeldThread()
      while !worker.isKnown {
        pool.forEach(2) { _, index in
          if index == 1 { worker.noteThisThread() }
          while !worker.isKnown { sched_yield() }
        }
      }
      worker.hold()
      let counters = Counters(100)
      for _ in 0..<100 { pool.forEach(100) { range, _ in range.forEach(counters.add) } }
      #expect(counters.all == [Int](repeating: 100, count: 100))
      worker.release()
      pool.forEach(100) { range, _ in range.forEach(counters.add) }
      #expect(counters.all == [Int](repeating: 101, count: 100))
    }
  #endif

  @Test("A pool has between 1 and 256 threads", arguments: [(-3, 1), (0, 1), (1, 1), (300, 256)])
  func bounds(asked: Int, given: Int) {
    #expect(WorkerPool(threadCount: asked).threadCount == given)
  }

  @Test("A hundred thousand tiny regions lose no wake-up")
  func tinyRegions() {
    let pool = WorkerPool(threadCount: 3)
    let total = Atomic<Int>(0)
    for round in 0..<100_000 {
      pool.forEach(3) { _, _ in total.wrappingAdd(1, ordering: .relaxed) }
      // Long enough, now and then, for the threads to fall asleep.
      if round % 1_000 == 0 { letOthersRun() }
    }
    #expect(total.load(ordering: .relaxed) == 300_000)
  }

  @Test("Regions of several callers run one after another")
  func severalCallers() {
    let pool = WorkerPool(threadCount: 3)
    let inside = Atomic<Int>(0)
    let total = Atomic<Int>(0)
    let mixed = Atomic<Int>(0)
    let callers = WorkerPool(threadCount: 4)
    callers.forEach(4) { callers, _ in
      let caller = callers.lowerBound
      for _ in 0..<2_000 {
        pool.forEach(3) { _, _ in
          // The number of the caller whose region this is; another's must never be seen inside.
          let before = inside.load(ordering: .sequentiallyConsistent)
          if before != 0 && before != caller + 1 {
            mixed.wrappingAdd(1, ordering: .relaxed)
          }
          inside.store(caller + 1, ordering: .sequentiallyConsistent)
          if total.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue % 3 == 0 {
            inside.store(0, ordering: .sequentiallyConsistent)
          }
        }
      }
    }
    #expect(mixed.load(ordering: .relaxed) == 0)
    #expect(total.load(ordering: .relaxed) == 4 * 2_000 * 3)
  }

  @Test("The threads end with the pool")
  func threadsEnd() {
    let ends = ThreadEnds()
    for _ in 0..<20 {
      let pool = WorkerPool(threadCount: 4)
      let watched = Atomic<Int>(0)
      while watched.load(ordering: .relaxed) != 0b1110 {
        pool.forEach(64) { _, worker in
          if worker > 0 {
            ends.watchThisThread()
            watched.bitwiseOr(1 << worker, ordering: .relaxed)
          }
          sched_yield()
        }
      }
    }
    ends.wait(for: 60)
  }

  @Test("A pool that never ran a region ends as well")
  func unusedPool() {
    for _ in 0..<50 { _ = WorkerPool(threadCount: 3) }
  }

  /// Gives other threads time without measuring any.
  private func letOthersRun() {
    for _ in 0..<2_000 { sched_yield() }
  }
}

/// Counts ends of threads, by the destructor of a thread-local value.
private final class ThreadEnds: @unchecked Sendable {
  private let key: pthread_key_t
  private let state: UnsafeMutablePointer<State>

  private struct State {
    var lock = pthread_mutex_t()
    var changed = pthread_cond_t()
    var count = 0
  }

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State())
    pthread_mutex_init(&state.pointee.lock, nil)
    pthread_cond_init(&state.pointee.changed, nil)
    var key = pthread_key_t()
    pthread_key_create(&key) { argument in
      let value: UnsafeMutableRawPointer? = argument
      let state = value!.assumingMemoryBound(to: State.self)
      pthread_mutex_lock(&state.pointee.lock)
      state.pointee.count += 1
      pthread_cond_signal(&state.pointee.changed)
      pthread_mutex_unlock(&state.pointee.lock)
    }
    self.key = key
  }

  deinit {
    pthread_key_delete(key)
    pthread_mutex_destroy(&state.pointee.lock)
    pthread_cond_destroy(&state.pointee.changed)
    state.deallocate()
  }

  func watchThisThread() { pthread_setspecific(key, state) }

  /// Returns when `count` watched threads have ended.
  func wait(for count: Int) {
    pthread_mutex_lock(&state.pointee.lock)
    while state.pointee.count < count {
      pthread_cond_wait(&state.pointee.changed, &state.pointee.lock)
    }
    pthread_mutex_unlock(&state.pointee.lock)
  }
}
