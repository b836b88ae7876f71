// The seam between what is decided in memory and what is kept on a disk.

/// Where a meter writes what happens. The data folder is one; a test may put another in its place.
package protocol UsageLedger: Sendable {
  /// Writes rows of requests that begin, so that they outlive the process, though not yet a power cut:
  /// they come again in a `commit`, which makes them durable. Short enough for an event loop, and never
  /// called beside a `commit`.
  ///
  /// - Returns: false where nothing was written because it would have taken long.
  func note(_ rows: [OpenRow]) throws(UsageStoreError) -> Bool

  /// Makes entries durable, in their order. When this returns they are; when it throws, some may
  /// be, and the same entries come again: writing one twice must change nothing.
  func commit(_ entries: [LedgerEntry]) throws(UsageStoreError)
}

/// One thing to be written, in the order in which things happened.
package enum LedgerEntry: Sendable {
  case opened(OpenRow)
  /// An open request has come this far.
  case progressed(RequestID, startedMilliseconds: Int64, completionTokens: Int64)
  case settled(UsageRow)

  /// The file that the entry belongs to: that of the month in which its request began, whatever
  /// the clock says now.
  var month: UTCMonth {
    switch self {
    case .opened(let row): UTCMonth(wallMilliseconds: row.startedMilliseconds)
    case .progressed(_, let started, _): UTCMonth(wallMilliseconds: started)
    case .settled(let row): row.month
    }
  }
}

extension [LedgerEntry] {
  /// Without what was noted of requests while they ran, where they have ended in this very batch: a
  /// row that is written and deleted in one transaction says nothing to anybody.
  var withoutPastLives: [LedgerEntry] {
    var opened: Set<RequestID> = []
    for case .opened(let row) in self { opened.insert(row.requestID) }
    if opened.isEmpty { return self }
    var ended: Set<RequestID> = []
    for case .settled(let row) in self where opened.contains(row.requestID) {
      ended.insert(row.requestID)
    }
    if ended.isEmpty { return self }
    return filter { entry in
      switch entry {
      case .opened(let row): !ended.contains(row.requestID)
      case .progressed(let id, _, _): !ended.contains(id)
      case .settled: true
      }
    }
  }
}
