// Who has spent more than a soft limit is told so; the request that passed it does not wait for that.

import Dispatch

/// Publishes notices about soft limits beside the road of requests.
final class BudgetWatch: Sendable {
  private let store: UsageStore
  private let queue = DispatchQueue(label: "apus.metering.budgets", qos: .utility)

  init(store: UsageStore) { self.store = store }

  /// Tells an account that it, or one of its keys, is above its soft limit in a month.
  ///
  /// - Parameter spent: what it has spent in that month.
  func note(_ scope: LimitScope, of account: AccountID, month: UTCMonth, spent: PicoEuro) {
    queue.async { [store] in
      // What the disk refuses here stands in the usage anyway.
      try? store.tellSoftLimit(of: scope, account: account, month: month, spent: spent)
    }
  }

  /// Waits until everything noted so far is written.
  func flush() { queue.sync {} }
}
