// What engines remember of an account's prompts goes as soon as one of its keys is revoked, or the
// account is stopped or closed, and not only when its time is over. So does what goes on for that
// key.

import Metering

extension AccountID {
  /// Whose prompts are found again: keys of an account share them, accounts never do.
  var cacheOwner: String { "account \(rawValue)" }
}

/// Follows the keys of a meter.
struct CacheWatch: Sendable {
  let backend: Backend

  /// Wipes until it is cancelled.
  func run() async {
    guard let meter = backend.meter else { return }
    var known = meter.usableKeys
    for await _ in meter.changes() {
      backend.work.end { $0 == .local || meter.isUsable($0) }
      let usable = meter.usableKeys
      for (account, keys) in known where !keys.isSubset(of: usable[account] ?? []) {
        for model in backend.models { model.engine?.forget(owner: account.cacheOwner) }
      }
      known = usable
    }
  }
}
