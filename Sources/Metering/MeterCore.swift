// The state behind the front door, which outlives it for as long as one of its leases does, and how requests
// are taken into it. What becomes of them is in MeterCore+Running.swift.

import Synchronization

/// Why a request was not admitted.
private enum AdmissionRefusal: Error {
  case rate(RateRefusal)
  case spend(SpendRefusal)
}

/// The number of a meter in the registry, for what is made before it has one.
private final class CoreNumber: Sendable {
  private let number = Atomic<UInt32>(0)

  var value: UInt32 { number.load(ordering: .acquiring) }
  func set(_ value: UInt32) { number.store(value, ordering: .releasing) }
}

/// The limits, the running requests and the road to the disk of one meter.
final class MeterCore: Sendable {
  /// Output tokens that are reserved at once for an answer that outgrows its reservation, and at first
  /// where nobody knows how long it may get.
  static let extensionStep: Int64 = 256

  struct State {
    var limiter = Limiter()
    var spending: SpendBook
    var settingsVersion: Int64 = 0
    var leases = LeaseTable()
    var lengths: [ModelID: AnswerLengths] = [:]
    var number: UInt32 = 0
    var isRetired = false
    var random = RandomPool()
  }

  let configuration: MeterConfiguration
  let store: UsageStore
  /// The rows of requests that end, on the way to the disk.
  let writer: GroupWriter<LedgerEntry>
  /// Those who wait until the openings that were written are on the disk.
  let openings: GroupWriter<Void>
  let ledger: any UsageLedger
  /// Whether the metadata profile names anything of clients.
  private let keepsClients: Bool
  let settings: SettingsWatch
  let budgetWatch: BudgetWatch
  let state: Mutex<State>
  /// Requests whose rows were let go while the disk refused.
  let unrecorded = Atomic<Int64>(0)

  init(
    configuration: MeterConfiguration, ledger: (any UsageLedger)?
  ) throws(UsageStoreError) {
    self.configuration = configuration
    let store = try UsageStore(
      folder: configuration.folder, mode: .serving, clock: configuration.clock,
      profile: configuration.profile)
    self.store = store
    settings = try SettingsWatch(store: store)
    let month = UTCMonth(wallMilliseconds: configuration.clock.wallMilliseconds())
    var spending = SpendBook(
      month: month, spent: try store.spent(in: month), used: try store.used())
    let keyCount = settings.current.settings.keys.records.count
    spending.reserveCapacity(keyCount)
    state = Mutex(State(limiter: Limiter(expectedScopes: keyCount), spending: spending))
    budgetWatch = BudgetWatch(store: store)
    let ledger = ledger ?? store
    let keepsClients = !store.profile.personalFields.isEmpty
    // Whoever serves on without the disk has told clients a good end.
    let failsOpen = configuration.failsOpen
    let ownNumber = CoreNumber()
    let writer = GroupWriter<LedgerEntry>(
      // Of two files one can be full: what the other took must not be given back.
      "writer", clock: configuration.clock, group: \.month,
      spoiled: { failsOpen ? $0 : $0.spoiled },
      lost: { if !failsOpen { MeterRegistry.core(ownNumber.value)?.giveBack($0) } }
    ) { entries throws(UsageStoreError) in
      try ledger.commit(entries)
      ledger.close(entries.compactMap(\.opening))
    }
    self.writer = writer
    openings = GroupWriter("openings", clock: configuration.clock) { _ throws(UsageStoreError) in
      try ledger.forceOpenings()
      if keepsClients { writer.writeSoon() }
    }
    self.ledger = ledger
    self.keepsClients = keepsClients
    let number = MeterRegistry.add(self)
    state.withLock { $0.number = number }
    ownNumber.set(number)
  }

  /// How many requests run.
  var outstanding: Int { state.withLock { $0.leases.count } }

  /// For how long the oldest request has run.
  var longestOutstanding: Duration {
    let now = configuration.clock.monotonicNanoseconds()
    return .nanoseconds(state.withLock { $0.leases.oldest.map { max(0, now - $0) } ?? 0 })
  }

  /// What a scope has spent this month and what is reserved in it.
  func spending(of scope: LimitScope) -> (spent: PicoEuro, reserved: PicoEuro) {
    state.withLock { ($0.spending.spent(in: scope), $0.spending.reserved(in: scope)) }
  }

  /// What an account has used since it began.
  func used(by account: AccountID) -> PicoEuro { state.withLock { $0.spending.used(by: account) } }

  /// Runs `body` with the limiter.
  func withLimiter<Result>(_ body: (inout Limiter) throws -> Result) rethrows -> Result {
    try state.withLock { try body(&$0.limiter) }
  }

  /// Admits a request whose principal was found to be good.
  func admit(
    _ principal: Principal, _ request: AdmissionRequest,
    rules: [ScopedRule]
  ) throws(MeterError) -> MeterLease {
    // Both are asked, because asking tries a disk again that has refused.
    let (isWriting, isOpening) = (writer.isAccepting(), openings.isAccepting())
    guard isWriting && isOpening || configuration.failsOpen else { throw .serverIsOverloaded() }
    let clock = configuration.clock
    let now = clock.monotonicNanoseconds()
    let wall = clock.wallMilliseconds()
    let (settings, settingsVersion) = settings.current
    let list = settings.prices.list(of: request.model, at: wall)
    let outcome = state.withLock { state -> Result<MeterLease, AdmissionRefusal> in
      if state.settingsVersion < settingsVersion {
        state.settingsVersion = settingsVersion
        state.spending.setBudgets(settings.budgets)
        state.spending.setCredits(settings.credits)
      }
      state.spending.begin(UTCMonth(wallMilliseconds: wall))
      var tokens = request.reservedTokens(
        expecting: state.lengths[request.model], under: rules)
      var spend: SpendReservation?
      if let list {
        // A guess is no reason to refuse whoever can pay for a step.
        let least = request.maxCompletionTokens ?? Self.extensionStep
        do throws(SpendRefusal) {
          let reservation = try SpendReservation(
            request, tokens: tokens, leastTokens: least, list: list,
            scopes: principal.spendScopes, in: &state.spending)
          tokens = reservation.grantedTokens
          spend = reservation
        } catch { return .failure(.spend(error)) }
      }
      let cost = LimitCost(inputTokens: request.promptTokens, outputTokens: tokens)
      do throws(RateRefusal) {
        let (reservation, decision) = try state.limiter.admit(rules, cost: cost, at: now)
        let row = OpenRow(
          requestID: RequestID(wallMilliseconds: wall, using: &state.random),
          startedMilliseconds: wall, account: principal.account, key: principal.key,
          model: request.model, kind: request.kind, price: list?.id ?? .none,
          promptTokens: request.promptTokens, role: principal.role, client: request.client)
        // It goes with what is written next.
        if keepsClients, takesRow() { writer.enqueue(.began(row), isAwaited: true) }
        let (slot, serial) = state.leases.insert(
          LeaseTable.Entry(
            row: row, principal: principal, startedNanoseconds: now,
            answersOfFreeLength: request.maxCompletionTokens == nil ? request.answerCount : nil,
            reservation: reservation, spend: spend, checkpointNanoseconds: now,
            settingsVersion: settingsVersion))
        return .success(
          MeterLease(
            requestID: row.requestID, rate: decision,
            handle: LeaseHandle(meter: state.number, slot: slot, serial: serial)))
      } catch {
        _ = spend?.settle(TokenUsage(), isBillable: false, in: &state.spending)
        return .failure(.rate(error))
      }
    }
    switch consume outcome {
    case .success(let lease): return lease
    case .failure(.rate(let refusal)): throw .limitExceeded(refusal, rate: refusal.decision)
    case .failure(.spend(let refusal)): throw .unaffordable(refusal)
    }
  }

  /// Lets go of the registry's hold as soon as no lease is left.
  func retire() {
    let number = state.withLock { state -> UInt32? in
      state.isRetired = true
      return state.leases.count == 0 ? state.number : nil
    }
    if let number { MeterRegistry.remove(number) }
  }
}
