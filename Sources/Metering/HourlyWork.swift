// What a server does once an hour, without anybody having to remember it.

import Dispatch
import Synchronization

/// Lets what is known of clients go when its days are over, lets the tree over receipts grow, so that
/// nobody who asks for one waits for a whole month, and adds the ledger up twice once a day.
final class HourlyWork: Sendable {
  private static let interval = DispatchTimeInterval.seconds(3600)

  private let store: UsageStore
  private let queue = DispatchQueue(label: "apus.metering.hourly", qos: .utility)
  private let isWanted = Mutex(true)
  private let found = Mutex<Reconciliation?>(nil)

  init(store: UsageStore) { self.store = store }

  /// What adding up came to; nil before it was done.
  var reconciliation: Reconciliation? { found.withLock { $0 } }

  /// Works from now on, until stopped or released.
  func start() {
    queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in
      guard let self, isWanted.withLock({ $0 }) else { return }
      // What failed is tried again in an hour.
      _ = try? store.runPersonalRetention()
      _ = try? store.receiptRoot(of: UTCMonth(wallMilliseconds: store.clock.wallMilliseconds()))
      reconcileOnceADay()
      start()
    }
  }

  /// Adds the ledger up, once in a day of UTC.
  func reconcileOnceADay() {
    let day = store.clock.wallMilliseconds() / 86_400_000
    guard reconciliation.map({ $0.atMilliseconds / 86_400_000 }) != day,
      let reconciliation = try? store.reconcile()
    else { return }
    found.withLock { $0 = reconciliation }
  }

  /// Works no more, and waits for what goes on.
  func stop() {
    isWanted.withLock { $0 = false }
    queue.sync {}
  }
}
