// The seam between what is decided in memory and what is kept on a disk.

/// Where a meter writes what happens. The data folder is one; a test may put another in its place.
package protocol UsageLedger: Sendable {
  /// Writes that a request begins. When this returns that outlives the process, and after the next
  /// ``forceOpenings()`` a power cut. Takes microseconds; called from any thread.
  func open(_ row: OpenRow) throws(UsageStoreError) -> Opening

  /// Notes how far an open request has come, for what a crash leaves of it.
  func note(_ opening: Opening, completionTokens: Int64)

  /// Makes the openings durable that were written before it is called.
  func forceOpenings() throws(UsageStoreError)

  /// Forgets the openings of requests whose end is durable, or that have none.
  func close(_ openings: [Opening])

  /// Makes entries durable, in their order. When this returns they are; when it throws, of several
  /// months some may be, of one month none is. The same entries come again: writing one twice must
  /// change nothing.
  func commit(_ entries: [LedgerEntry]) throws(UsageStoreError)
}

/// One thing to be written, in the order in which things happened.
package enum LedgerEntry: Sendable {
  /// A request begins whose client is to be known, as far as the metadata profile names it.
  case began(OpenRow)
  case settled(UsageRow, opening: Opening?)

  /// The month whose file it goes to; nil where it goes to none.
  package var month: UTCMonth? {
    if case .settled(let row, _) = self { row.month } else { nil }
  }

  /// The opening that stands for nothing once this is durable.
  var opening: Opening? {
    if case .settled(_, let opening) = self { opening } else { nil }
  }

  /// The same entry after the disk refused it: its client was never told a good end, so the fault is
  /// the server's and nobody is charged.
  var spoiled: LedgerEntry {
    guard case .settled(var row, let opening) = self, row.isBillable else { return self }
    row.status = .failed
    row.cost = .zero
    row.isBillable = false
    return .settled(row, opening: opening)
  }
}
