// What ends with a key, as soon as it is revoked or its account is stopped or closed: the work that
// goes on for it, and what engines remember of the account's prompts, whose time is not over.

import Metering

extension AccountID {
  /// Whose prompts are found again: keys of an account share them, accounts never do.
  var cacheOwner: String { "account \(rawValue)" }
}

/// Follows the keys of a meter, and ends what may not go on without them.
struct KeyWatch: Sendable {
  let backend: Backend

  /// Ends work and wipes prompts until it is cancelled.
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
