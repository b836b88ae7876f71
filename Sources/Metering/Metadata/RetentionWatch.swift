// Lets what is known of clients go while a server runs, without anybody having to remember it.

import Dispatch
import Synchronization

/// Looks once an hour whether a day has passed.
final class RetentionWatch: Sendable {
  private static let interval = DispatchTimeInterval.seconds(3600)

  private let store: UsageStore
  private let queue = DispatchQueue(label: "apus.metering.retention", qos: .utility)
  private let isWatching = Mutex(true)

  init(store: UsageStore) { self.store = store }

  /// Looks from now on, until stopped or released.
  func start() {
    queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in
      guard let self, isWatching.withLock({ $0 }) else { return }
      // What could not be removed now is tried again in an hour.
      _ = try? store.runPersonalRetention()
      start()
    }
  }

  /// Looks no more, and waits for a look that goes on.
  func stop() {
    isWatching.withLock { $0 = false }
    queue.sync {}
  }
}
