// A thread that works through a bounded queue of generations.

import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A queue with a thread of its own. The thread ends with `stop`, and takes nothing after it.
final class WorkQueue: Sendable {
  enum Addition {
    case added, full, stopped
  }

  private let state: WorkQueueState

  /// Starts the thread; `run` is called on it for each piece of work in order.
  init(run: @escaping @Sendable (GenerationWork) -> Void) {
    state = WorkQueueState(run: run)
    state.startThread()
  }

  deinit { state.stop() }

  var pendingCount: Int { state.pendingCount }

  func add(_ work: GenerationWork, limit: Int) -> Addition { state.add(work, limit: limit) }

  /// Asks the thread to end, cancelling what runs and what waits.
  func stop() { state.stop() }

  /// As `stop`, and waits for the thread.
  func stopAndWait() {
    state.stop()
    state.waitForEnd()
  }
}

/// What the queue and its thread share; everything is behind the lock.
private final class WorkQueueState: @unchecked Sendable {
  private let run: @Sendable (GenerationWork) -> Void
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var waiting: [GenerationWork] = []
  private var running: GenerationWork?
  private var isStopped = false
  private var hasEnded = false

  /// The forward pass keeps its scratch elsewhere; this is room for templates and decoding.
  private static let stackBytes = 8 << 20

  init(run: @escaping @Sendable (GenerationWork) -> Void) {
    self.run = run
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
  }

  private func withLock<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  var pendingCount: Int { withLock { waiting.count + (running == nil ? 0 : 1) } }

  func add(_ work: GenerationWork, limit: Int) -> WorkQueue.Addition {
    withLock {
      if isStopped { return .stopped }
      // The running one does not wait.
      if waiting.count >= limit { return .full }
      waiting.append(work)
      pthread_cond_broadcast(changed)
      return .added
    }
  }

  func stop() {
    withLock {
      isStopped = true
      running?.flag.set()
      for work in waiting { work.flag.set() }
      pthread_cond_broadcast(changed)
    }
  }

  func waitForEnd() {
    withLock {
      while !hasEnded { pthread_cond_wait(changed, lock) }
    }
  }

  /// The next piece of work, nil when the queue has stopped and is empty.
  private func next() -> GenerationWork? {
    withLock {
      running = nil
      while waiting.isEmpty, !isStopped { pthread_cond_wait(changed, lock) }
      guard !waiting.isEmpty else {
        hasEnded = true
        pthread_cond_broadcast(changed)
        return nil
      }
      running = waiting.removeFirst()
      return running
    }
  }

  private func work() {
    while let work = next() { run(work) }
  }

  func startThread() {
    startDetachedThread(stackBytes: Self.stackBytes) { self.work() }
  }
}
