// Keeps what buckets owe for the next process, so that a restart is no way around a limit.

import Dispatch
import Synchronization

/// Writes the debts of a limiter once a second, where there are any.
final class BucketWatch: Sendable {
  private static let interval = DispatchTimeInterval.seconds(1)
  /// What is owed for less than this is gone before the next process is there.
  private static let least: Int64 = 1_000_000_000

  private let file: BucketFile
  private let queue = DispatchQueue(label: "apus.metering.buckets", qos: .utility)
  private let state = Mutex((isWatching: true, hasWritten: false))

  init(folder: String) { file = BucketFile(folder: folder) }

  /// Gives a limiter what the last process has left.
  func restore(_ core: MeterCore) {
    let (debts, wall) = file.read()
    guard !debts.isEmpty else { return }
    let clock = core.configuration.clock
    // A clock that was set back refills nothing.
    let elapsed = max(0, clock.wallMilliseconds() - wall)
    let (nanoseconds, overflow) = elapsed.multipliedReportingOverflow(by: 1_000_000)
    core.withLimiter {
      $0.adopt(
        debts, elapsed: overflow ? .max : nanoseconds, at: clock.monotonicNanoseconds())
    }
    state.withLock { $0.hasWritten = true }
  }

  /// Writes from now on, until stopped or until the limiter is gone.
  func start(_ core: MeterCore) {
    queue.asyncAfter(deadline: .now() + Self.interval) { [weak self, weak core] in
      guard let self, let core, state.withLock({ $0.isWatching }) else { return }
      write(core)
      start(core)
    }
  }

  /// Writes a last time.
  func stop(_ core: MeterCore) {
    state.withLock { $0.isWatching = false }
    queue.sync { write(core) }
  }

  private func write(_ core: MeterCore) {
    let clock = core.configuration.clock
    let debts = core.withLimiter {
      $0.debts(at: clock.monotonicNanoseconds(), longerThan: Self.least)
    }
    // An empty list is written once.
    let isNews = state.withLock { state in
      defer { state.hasWritten = !debts.isEmpty }
      return state.hasWritten || !debts.isEmpty
    }
    if isNews { file.write(debts, wallMilliseconds: clock.wallMilliseconds()) }
  }
}
