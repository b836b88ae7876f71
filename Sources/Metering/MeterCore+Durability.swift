// How what happens reaches the disk: who waits for it, and what becomes of those who wait where the disk
// refuses.

import Synchronization

extension MeterCore {
  /// Writes the opening of a request, where that has not ended, so that it outlives the process.
  func open(_ handle: LeaseHandle) throws(MeterError) {
    let row = state.withLock { state -> OpenRow? in
      guard let entry = state.leases[handle], entry.opening == nil else { return nil }
      return entry.row
    }
    guard let row else { return }
    let opening: Opening
    do throws(UsageStoreError) { opening = try ledger.open(row) } catch {
      // Whether the disk refuses others too is found out behind them.
      if openings.hasRoom { openings.enqueue(()) }
      if configuration.failsOpen { return }
      throw .serverIsOverloaded()
    }
    let isTaken = state.withLock { state in
      guard let entry = state.leases[handle], entry.opening == nil else { return false }
      state.leases[handle]?.opening = opening
      return true
    }
    // The request has ended meanwhile, or somebody else was faster.
    if !isTaken { ledger.close([opening]) }
  }

  /// Has the opening of a request brought to the disk, and waits for nothing.
  ///
  /// - Returns: what to wait for; nil where the request has ended, or nobody waits for a disk that refuses.
  @discardableResult
  func forceOpening(_ handle: LeaseHandle) throws(MeterError) -> GroupWriter<Void>.Ticket? {
    try open(handle)
    // What waits is tried once a second, not for each request.
    if configuration.failsOpen, openings.isRefused { return nil }
    return state.withLock { state in
      guard let entry = state.leases[handle] else { return nil }
      if let ticket = entry.openingTicket { return ticket }
      let ticket = openings.enqueue(())
      state.leases[handle]?.openingTicket = ticket
      return ticket
    }
  }

  /// Waits until the opening of a request is on the disk.
  func waitUntilOpened(_ handle: LeaseHandle) async throws(MeterError) {
    guard let ticket = try forceOpening(handle) else { return }
    let isOpened = await openings.wait(ticket)
    guard isOpened || configuration.failsOpen else { throw .serverIsOverloaded() }
  }

  /// Waits for an entry of the ledger.
  func waitUntilDurable(_ ticket: GroupWriter<LedgerEntry>.Ticket) async throws(MeterError) {
    if configuration.failsOpen, writer.isRefused { return }
    let isDurable = await writer.wait(ticket)
    guard isDurable || configuration.failsOpen else { throw .serverIsOverloaded() }
  }

  /// Puts an entry on its way to the disk.
  ///
  /// - Returns: nil where it was let go: the disk refuses, memory is full, and the operator serves on.
  func record(
    _ entry: LedgerEntry, isAwaited: Bool
  ) -> GroupWriter<LedgerEntry>.Ticket? {
    guard takesRow() else {
      unrecorded.add(1, ordering: .relaxed)
      // Or else the next start would find a request that a crash has ended.
      if let opening = entry.opening { ledger.close([opening]) }
      return nil
    }
    return writer.enqueue(entry, isAwaited: isAwaited)
  }

  /// Gives back the money of requests whose rows the disk refused: nobody is charged for them.
  func giveBack(_ entries: [LedgerEntry]) {
    let settings = settings.current.settings
    state.withLock { state in
      for case .settled(let row, _) in entries where row.isBillable && row.key != .local {
        let first = settings.keys.record(row.key)?.firstKey ?? row.key
        state.spending.giveBack(
          row.cost, for: [.key(first), .account(row.account)],
          month: UTCMonth(wallMilliseconds: row.settledMilliseconds))
      }
    }
  }

  /// Whether a row still fits. Requests that were let in always leave theirs, unless the operator has
  /// said that serving comes first.
  func takesRow() -> Bool { !configuration.failsOpen || writer.hasRoom }
}
