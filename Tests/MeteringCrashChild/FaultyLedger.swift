// The data folder's ledger behind a disk that refuses openings when it is told to, and counts.

import Metering
import Synchronization

/// A ledger with the faults of ``FaultyDisk`` that no file of SQLite's sees.
final class FaultyLedger: UsageLedger {
  private let store = Mutex<UsageStore?>(nil)
  private let forced = Atomic(0)

  /// How often openings were forced to the disk.
  var forcedCount: Int { forced.load(ordering: .sequentiallyConsistent) }

  /// What everything goes to.
  func use(_ store: UsageStore) { self.store.withLock { $0 = store } }

  func open(_ row: OpenRow) throws(UsageStoreError) -> Opening {
    if FaultyDisk.current == .opening { throw Self.refusal }
    return try behind().open(row)
  }

  func note(_ opening: Opening, completionTokens: Int64) {
    try? behind().note(opening, completionTokens: completionTokens)
  }

  func forceOpenings() throws(UsageStoreError) {
    if FaultyDisk.current == .forcing { throw Self.refusal }
    forced.add(1, ordering: .sequentiallyConsistent)
    try behind().forceOpenings()
  }

  func close(_ openings: [Opening]) { try? behind().close(openings) }

  func commit(_ entries: [LedgerEntry]) throws(UsageStoreError) { try behind().commit(entries) }

  private static let refusal = UsageStoreError(.inputOutput, "cannot write openings: injected")

  private func behind() throws(UsageStoreError) -> UsageStore {
    guard let store = store.withLock({ $0 }) else { throw Self.refusal }
    return store
  }
}
