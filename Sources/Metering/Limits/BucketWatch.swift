// Keeps what buckets owe for the next process, so that a restart is no way around a limit.

import Dispatch
import Synchronization

/// Writes the debts of a limiter once a second, where there are any.
final class BucketWatch: Sendable {
  private static let interval = DispatchTimeInterval.seconds(1)
  /// What is owed for less than this is gone before the next process is there.
  private static let least: Int64 = 1_000_000_000
  /// So many scopes are looked at while requests wait for the limiter.
  private static let stride = 256

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
    let debts = debts(of: core, at: clock.monotonicNanoseconds())
    // An empty list is written once.
    let isNews = state.withLock { state in
      defer { state.hasWritten = !debts.isEmpty }
      return state.hasWritten || !debts.isEmpty
    }
    if isNews { file.write(debts, wallMilliseconds: clock.wallMilliseconds()) }
  }

  /// All debts, gathered in parts, so that no request waits for more than one.
  private func debts(of core: MeterCore, at now: Int64) -> [BucketDebt] {
    var debts: [BucketDebt] = []
    var place = 0
    var sweepCount: Int?
    while true {
      let (part, isEnd, count) = core.withLimiter { limiter in
        (
          limiter.debts(at: now, longerThan: Self.least, from: place, count: Self.stride),
          place + Self.stride >= limiter.scopeCount, limiter.sweepCount
        )
      }
      guard count == sweepCount ?? count else {
        (debts, place, sweepCount) = ([], 0, count)
        continue
      }
      debts += part
      if isEnd { return debts }
      (place, sweepCount) = (place + Self.stride, count)
    }
  }
}
