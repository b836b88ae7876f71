// What becomes of a request that was admitted: it comes on, reserving more, and ends once.

import Synchronization

extension MeterCore {
  private static let checkpointTokens: Int64 = 256
  private static let checkpointNanoseconds: Int64 = 1_000_000_000

  /// What the end of a request came to under the lock.
  private struct Ended {
    let entry: LeaseTable.Entry
    let end: Settlement
    let charge: Charge
    /// With what was spent in them.
    let passedSoftLimits: [(scope: LimitScope, spent: PicoEuro)]
    let lastOfRetired: UInt32?
  }

  /// What one call of `advance` found out under the lock.
  private struct Step {
    /// An opening whose request has come so far that it is to be noted.
    var checkpoint: (Opening, completionTokens: Int64)?
    var keyToCheck: KeyID?
    var isPaidFor = true
  }

  /// Notes progress, reserves more, and says whether the answer may go on.
  func advance(_ handle: LeaseHandle, completionTokens: Int64) -> LeaseVerdict {
    let now = configuration.clock.monotonicNanoseconds()
    let settingsVersion = settings.version
    let step = state.withLock { state -> Step in
      guard var entry = state.leases[handle] else { return Step() }
      var step = Step()
      entry.completionTokens = max(entry.completionTokens, completionTokens)
      if entry.completionTokens > entry.reservation.cost.outputTokens {
        state.limiter.extend(
          &entry.reservation,
          outputTokens: max(
            Self.extensionStep, entry.completionTokens - entry.reservation.cost.outputTokens),
          at: now)
      }
      let progress = entry.completionTokens - entry.checkpointTokens
      if progress >= Self.checkpointTokens
        || progress > 0 && now - entry.checkpointNanoseconds >= Self.checkpointNanoseconds
      {
        entry.checkpointTokens = entry.completionTokens
        entry.checkpointNanoseconds = now
        step.checkpoint = entry.opening.map { ($0, completionTokens: entry.completionTokens) }
      }
      if entry.settingsVersion != settingsVersion { step.keyToCheck = entry.principal.key }
      step.isPaidFor =
        entry.spend?.paysForMore(
          than: entry.completionTokens, step: Self.extensionStep, in: &state.spending) ?? true
      state.leases[handle] = entry
      return step
    }
    if let (opening, count) = step.checkpoint { ledger.note(opening, completionTokens: count) }
    if let key = step.keyToCheck, key != .local {
      // The end of a grace or of a key's time is for new requests; a running answer is stopped only
      // by somebody who revokes its key or stops its account.
      guard let record = settings.record(key), record.state == .active,
        record.accountState.mayUseKeys
      else { return .keyRevoked }
      state.withLock { $0.leases[handle]?.settingsVersion = settingsVersion }
    }
    return step.isPaidFor ? .proceed : .budgetSpent
  }

  /// Reserves what the sound of a request costs, beyond what was admitted.
  func reserve(_ handle: LeaseHandle, audioMilliseconds: Int64) throws(MeterError) {
    let refusal = state.withLock { state -> SpendRefusal? in
      guard var entry = state.leases[handle] else { return nil }
      let refusal = entry.spend?.reserve(
        audioMilliseconds: audioMilliseconds, in: &state.spending)
      state.leases[handle] = entry
      return refusal
    }
    if let refusal { throw .unaffordable(refusal) }
  }

  /// Ends a request, and gives the ticket of its row and what it charges; nil where it has ended before.
  func settle(
    _ handle: LeaseHandle, _ settlement: Settlement
  ) -> (ticket: GroupWriter<LedgerEntry>.Ticket?, charge: Charge)? {
    end(handle, isAwaited: true) { _, _ in settlement }
  }

  /// Ends a request that went out of scope, with what it was last known to have used.
  func abandon(_ handle: LeaseHandle) {
    _ = end(handle, isAwaited: false) { entry, now in
      Settlement(
        usage: TokenUsage(
          promptTokens: entry.row.promptTokens, completionTokens: entry.completionTokens),
        status: .abandoned, httpStatus: 0,
        latency: .nanoseconds(now - entry.startedNanoseconds))
    }
  }

  private func end(
    _ handle: LeaseHandle, isAwaited: Bool, _ settlement: (LeaseTable.Entry, Int64) -> Settlement
  ) -> (ticket: GroupWriter<LedgerEntry>.Ticket?, charge: Charge)? {
    let now = configuration.clock.monotonicNanoseconds()
    let wall = configuration.clock.wallMilliseconds()
    let ended = state.withLock { state -> Ended? in
      guard let entry = state.leases.remove(handle) else { return nil }
      let end = settlement(entry, now)
      state.limiter.settle(
        entry.reservation,
        used: LimitCost(
          inputTokens: end.usage.promptTokens, outputTokens: end.usage.completionTokens),
        at: now)
      // Answers that were cut short do not tell how long answers get.
      if end.status == .completed, let count = entry.answersOfFreeLength {
        state.lengths[entry.row.model, default: AnswerLengths()].note(
          end.usage.completionTokens / count)
      }
      state.spending.begin(UTCMonth(wallMilliseconds: wall))
      let (usage, cost, passed) =
        entry.spend?.settle(end.usage, isBillable: end.status.isBillable, in: &state.spending)
        ?? (end.usage, .zero, [])
      return Ended(
        entry: entry, end: end, charge: Charge(usage: usage, cost: cost),
        passedSoftLimits: passed.map { ($0, state.spending.spent(in: $0)) },
        lastOfRetired: state.isRetired && state.leases.count == 0 ? state.number : nil)
    }
    guard let ended else { return nil }
    let (entry, end) = (ended.entry, ended.end)
    for (scope, spent) in ended.passedSoftLimits {
      budgetWatch.note(
        scope, of: entry.row.account, month: UTCMonth(wallMilliseconds: wall), spent: spent)
    }
    let row = UsageRow(
      requestID: entry.row.requestID, startedMilliseconds: entry.row.startedMilliseconds,
      settledMilliseconds: wall,
      account: entry.row.account, key: entry.row.key, model: entry.row.model,
      kind: entry.row.kind, status: end.status, httpStatus: end.httpStatus,
      usage: ended.charge.usage,
      firstTokenMicroseconds: end.timeToFirstToken?.microseconds,
      latencyMicroseconds: end.latency.microseconds, price: entry.row.price,
      cost: ended.charge.cost, isBillable: end.status.isBillable, role: entry.row.role)
    let ticket = record(.settled(row, opening: entry.opening), isAwaited: isAwaited)
    if let lastOfRetired = ended.lastOfRetired { MeterRegistry.remove(lastOfRetired) }
    return (ticket, ended.charge)
  }
}
