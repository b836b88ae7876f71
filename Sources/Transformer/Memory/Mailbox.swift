// Where requests wait for the engine's thread, and how it is woken.

import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What an engine's callers share with its thread; everything is behind the lock.
final class Mailbox: @unchecked Sendable {
  enum Addition {
    case added, full, stopped
  }

  /// What came in since the thread last looked.
  struct Delivery {
    var submissions: [Submission] = []
    /// Owners whose memory shall be wiped.
    var forgotten: [String] = []
    var isStopped = false
  }

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var delivery = Delivery()
  private var published = EngineStatistics()
  private var hasEnded = false

  init() {
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

  // MARK: For callers

  /// Statistics of the last step, with those that came since counted as waiting.
  var statistics: EngineStatistics {
    withLock {
      var statistics = published
      statistics.waitingCount += delivery.submissions.count
      return statistics
    }
  }

  func add(_ submission: Submission, limit: Int) -> Addition {
    withLock {
      if delivery.isStopped { return .stopped }
      // Those that find a place to run do not wait.
      let room = limit + max(0, published.slotCount - published.runningCount)
      if published.waitingCount + delivery.submissions.count >= room { return .full }
      delivery.submissions.append(submission)
      pthread_cond_broadcast(changed)
      return .added
    }
  }

  func forget(_ owner: String) {
    withLock {
      delivery.forgotten.append(owner)
      pthread_cond_broadcast(changed)
    }
  }

  func stop() {
    withLock {
      delivery.isStopped = true
      pthread_cond_broadcast(changed)
    }
  }

  func waitForEnd() {
    withLock {
      while !hasEnded { pthread_cond_wait(changed, lock) }
    }
  }

  // MARK: For the thread

  /// What came in. Waits for something where the thread is idle, `timeout` at most.
  func collect(isIdle: Bool, timeout: Duration) -> Delivery {
    withLock {
      let isEmpty =
        delivery.submissions.isEmpty && delivery.forgotten.isEmpty && !delivery.isStopped
      if isIdle, isEmpty { wait(timeout) }
      let collected = delivery
      delivery = Delivery(isStopped: collected.isStopped)
      // Until the thread publishes again, they count as waiting.
      published.waitingCount += collected.submissions.count
      return collected
    }
  }

  private func wait(_ timeout: Duration) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let nanoseconds = time.tv_nsec + Int(timeout.components.attoseconds / 1_000_000_000)
    time.tv_sec += Int(timeout.components.seconds) + nanoseconds / 1_000_000_000
    time.tv_nsec = nanoseconds % 1_000_000_000
    pthread_cond_timedwait(changed, lock, &time)
  }

  func publish(_ statistics: EngineStatistics) { withLock { published = statistics } }

  func end() {
    withLock {
      hasEnded = true
      pthread_cond_broadcast(changed)
    }
  }
}

/// The forward pass keeps its scratch elsewhere; this is room for templates and decoding.
let engineStackBytes = 8 << 20

/// Starts the engine's thread.
///
/// - Throws: where the system refuses one.
func startEngineThread(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
  guard startDetachedThread(stackBytes: engineStackBytes, body) else { throw ThreadError() }
}
