// Going on is agreeing: the first request of an account after terms took effect is remembered as its
// acceptance. The request does not wait for that.

import Dispatch
import Synchronization

/// Writes acceptances beside the road of requests.
final class TermsWatch: Sendable {
  private let store: UsageStore
  private let accepted: Mutex<[AccountID: Int64]>
  private let queue = DispatchQueue(label: "apus.metering.terms", qos: .utility)

  init(store: UsageStore) throws(UsageStoreError) {
    self.store = store
    accepted = Mutex(try store.acceptances())
  }

  /// Notes that an account used the service at a moment. One that could not be written is tried
  /// again with the next request.
  func note(_ account: AccountID, at wallMilliseconds: Int64, terms: [TermsRecord]) {
    guard account != .local,
      let version = terms.last(where: { $0.effectiveMilliseconds <= wallMilliseconds })?.version
    else { return }
    let isNew = accepted.withLock { accepted in
      guard accepted[account] ?? 0 < version else { return false }
      accepted[account] = version
      return true
    }
    guard isNew else { return }
    queue.async { [store, weak self] in
      do throws(UsageStoreError) {
        try store.accept(version, by: account, atMilliseconds: wallMilliseconds)
      } catch { self?.forget(account) }
    }
  }

  /// Waits until everything noted so far is written.
  func flush() { queue.sync {} }

  private func forget(_ account: AccountID) { accepted.withLock { $0[account] = nil } }
}
