// What a ledger says of itself: the same month, added up by request and by rollup.

/// Whether the ledger was whole when it was last looked at.
package struct Reconciliation: Hashable, Sendable {
  package let atMilliseconds: Int64
  /// The months whose two sums differ.
  package let brokenMonths: [UTCMonth]
  /// What is wrong with bills of these months that are still to be issued, and where invoices that
  /// were issued differ from them.
  package let draftFaults: [DraftFault]
}

extension UsageStore {
  /// Adds up the months that are written to, the current one and the one before, and draws up their
  /// bills.
  package func reconcile() throws(UsageStoreError) -> Reconciliation {
    let now = clock.wallMilliseconds()
    let current = UTCMonth(wallMilliseconds: now)
    var broken: [UTCMonth] = []
    for month in try months().suffix(2) where month >= current.previous {
      let (events, rollups) = try sums(month: month)
      if events != rollups { broken.append(month) }
    }
    let month = try billingSettings().zone.month(wallMilliseconds: now)
    return Reconciliation(
      atMilliseconds: now, brokenMonths: broken,
      draftFaults: try draftFaults(only: [month.previous, month]))
  }
}
