// The front door of the module: who is asking, may they, and what did it come to.
//
// A request goes: `authenticate`, `look` (so that nobody makes us tokenise for free), then with the
// exact number of prompt tokens `admit`, which gives a ``MeterLease``; the lease is told of progress
// and settled with the engine's counters. Only a request that was admitted leaves a row.

import Synchronization

/// Counts, limits and records what a server does, and remembers nothing of what was said.
package final class Meter: Sendable {
  let core: MeterCore
  let refusedKeys = Mutex(RefusedKeys())
  private let terms: TermsWatch
  private let keyUse: KeyUseWatch
  private let hourly: HourlyWork
  private let buckets: BucketWatch

  /// Opens the data folder for serving; one meter a folder at a time.
  ///
  /// - Parameters:
  ///   - configuration: the operator's settings.
  ///   - ledger: where usage is written; nil for the data folder itself.
  /// - Throws: ``UsageStoreError`` where the folder cannot be used or another server uses it.
  package init(
    _ configuration: MeterConfiguration, ledger: (any UsageLedger)? = nil
  ) throws(UsageStoreError) {
    core = try MeterCore(configuration: configuration, ledger: ledger)
    terms = try TermsWatch(store: core.store)
    keyUse = KeyUseWatch(store: core.store)
    hourly = HourlyWork(store: core.store)
    buckets = BucketWatch(folder: configuration.folder)
    buckets.restore(core)
    buckets.start(core)
    core.settings.start(every: configuration.keyCheckInterval)
    hourly.start()
  }

  deinit {
    core.settings.stop()
    core.retire()
  }

  /// Whether any key was ever made. Where none was, requests need no key and the server must
  /// answer on loopback only.
  package var hasKeys: Bool { !core.settings.current.settings.keys.isEmpty }

  /// How many requests are admitted and not settled.
  package var outstanding: Int { core.outstanding }

  /// For how long the oldest of them has run; zero where none runs.
  package var longestOutstanding: Duration { core.longestOutstanding }

  /// How many rows of usage wait for the disk.
  package var waitingRowCount: Int { core.writer.waitingCount }

  /// How many requests left no row, because the disk refused and the operator serves on without it.
  package var unrecordedCount: Int64 { core.unrecorded.load(ordering: .relaxed) }

  /// What a key or an account has spent in the current month, and what is reserved for requests
  /// that run.
  package func spending(of scope: LimitScope) -> (spent: PicoEuro, reserved: PicoEuro) {
    core.spending(of: scope)
  }

  /// The ledger, for whoever shows what is in it.
  package var store: UsageStore { core.store }

  /// The row number of a model that is served, made on first use.
  package func modelID(_ name: ShortName) throws(UsageStoreError) -> ModelID {
    try core.store.modelID(name)
  }

  /// Finds out who is asking.
  ///
  /// - Parameters:
  ///   - presented: the text of the key, nil where none came.
  ///   - address: where the client is. It slows down guessing and is held against the key's
  ///     allow-list; nil for neither, which keys with such a list refuse.
  /// - Throws: ``MeterError``: 401, 403 where the key's account is stopped, or 429 where the address
  ///   has presented too many wrong keys.
  package func authenticate(
    _ presented: String?, address: ClientAddress? = nil
  ) throws(MeterError) -> Principal {
    let table = core.settings.current.settings.keys
    if table.isEmpty { return .local }
    if let key = presented.flatMap({ APIKey($0) }),
      let record = table.record(of: key)
    {
      let now = core.configuration.clock.wallMilliseconds()
      try record.check(at: now)
      try record.check(address: address)
      keyUse.note(record.id, at: now)
      return Principal(
        key: record.id, firstKey: record.firstKey, account: record.account, role: record.role)
    }
    try lookAtStranger(address?.network)
    throw .invalidAPIKey
  }

  /// Looks at the limits on requests without taking anything: for the time before the prompt is
  /// tokenised.
  ///
  /// - Throws: ``MeterError`` as ``admit(_:_:)`` would for the request alone; 404 where the key may
  ///   not use the model.
  package func look(_ principal: Principal, model: ModelID) throws(MeterError) {
    let rules = try rules(for: principal, model: model)
    let now = core.configuration.clock.monotonicNanoseconds()
    let refusal = core.withLimiter { limiter -> RateRefusal? in
      do throws(RateRefusal) {
        try limiter.check(rules, cost: LimitCost(), at: now)
        return nil
      } catch { return error }
    }
    guard let refusal else { return }
    throw counted(.limitExceeded(refusal, rate: refusal.decision), of: principal)
  }

  /// Takes one request from the limits on requests, for work that is over at once: it counts what a
  /// prompt would take, and has no lease.
  ///
  /// - Throws: ``MeterError`` as ``look(_:model:)``.
  package func take(_ principal: Principal, model: ModelID) throws(MeterError) {
    let rules = try rules(for: principal, model: model)
    let now = core.configuration.clock.monotonicNanoseconds()
    let refusal = core.withLimiter { limiter -> RateRefusal? in
      do throws(RateRefusal) {
        let taken = try limiter.admit(rules, cost: LimitCost(), at: now)
        limiter.settle(taken.reservation, used: LimitCost(), at: now)
        return nil
      } catch { return error }
    }
    guard let refusal else { return }
    throw counted(.limitExceeded(refusal, rate: refusal.decision), of: principal)
  }

  /// Takes a request in: it passes every limit, or is refused and takes from none.
  ///
  /// This touches no disk: ``MeterLease/open()`` and ``MeterLease/opened()`` do.
  ///
  /// - Throws: ``MeterError``: 401 where the key was revoked meanwhile, 429, or 503 where the ledger
  ///   cannot take more.
  package func admit(
    _ principal: Principal, _ request: AdmissionRequest
  ) throws(MeterError) -> MeterLease {
    let rules = try rules(for: principal, model: request.model)
    let lease: MeterLease
    do throws(MeterError) {
      lease = try core.admit(principal, request, rules: rules)
    } catch {
      throw counted(error, of: principal)
    }
    terms.note(
      principal.account, at: core.configuration.clock.wallMilliseconds(),
      terms: core.settings.current.settings.terms)
    return lease
  }

  /// The notice that was given for a model, for the headers `Deprecation` and `Sunset`; nil where
  /// none was.
  package func retirement(of model: ModelID) -> ModelRetirement? {
    core.settings.current.settings.retirements[model]
  }

  /// The keys of each account that were neither revoked nor stopped with their account.
  package var usableKeys: [AccountID: Set<KeyID>] {
    var usable: [AccountID: Set<KeyID>] = [:]
    for key in core.settings.current.settings.keys.records
    where key.state == .active && key.accountState.mayUseKeys {
      usable[key.account, default: []].insert(key.id)
    }
    return usable
  }

  /// Whether a key was neither revoked nor stopped with its account.
  package func isUsable(_ key: KeyID) -> Bool {
    core.settings.record(key).map { $0.state == .active && $0.accountState.mayUseKeys } ?? false
  }

  /// All incidents, newest first.
  package var incidents: [IncidentRecord] { core.settings.current.settings.incidents }

  /// What incident measures ask of a server just now.
  package var measures: ServerMeasures { core.settings.current.settings.measures }

  /// An element at once, and one after each change of what operators have set.
  package func changes() -> AsyncStream<Void> { core.settings.changes() }

  /// Looks for keys, prices and limits that other processes have changed, now instead of within the interval.
  package func refreshKeys() { core.settings.refresh() }

  /// Waits until everything is on the disk and closes the files. No lease may be left.
  ///
  /// - Throws: ``UsageStoreError`` where something could not be written.
  package func close() async throws(UsageStoreError) {
    core.settings.stop()
    hourly.stop()
    buckets.stop(core)
    core.budgetWatch.flush()
    let isWritten = await core.writer.flush()
    terms.flush()
    keyUse.flush()
    try core.store.close()
    guard isWritten else {
      throw UsageStoreError(
        .inputOutput, "some usage rows could not be written to '\(core.store.folder)'")
    }
  }

  /// What adding the ledger up by request and by rollup came to the last time; nil before the first. A
  /// server does so once a day.
  package var reconciliation: Reconciliation? { hourly.reconciliation }

  /// Adds the ledger up now, unless that was done today.
  package func reconcileOnceADay() { hourly.reconcileOnceADay() }

  /// The price list that holds for a model now; nil where it costs nothing yet.
  package func prices(of model: ModelID) -> PriceList? {
    core.settings.current.settings.prices.list(
      of: model, at: core.configuration.clock.wallMilliseconds())
  }

  /// Every limit that a request of somebody to a model has to pass: what is published is what is
  /// enforced.
  ///
  /// - Throws: ``MeterError``: 401 or 404 where such a request would get that.
  package func rules(
    for principal: Principal, model: ModelID
  ) throws(MeterError) -> [ScopedRule] {
    let configuration = core.configuration
    let settings = core.settings.current.settings
    var rules: [ScopedRule] = []
    let record = settings.keys.record(principal.key)
    if principal.key != .local {
      guard let record else { throw .invalidAPIKey }
      try record.check(at: configuration.clock.wallMilliseconds())
      // A model that is not there for a key was never there for it.
      try record.check(model: model)
    }
    if let retirement = settings.retirements[model],
      configuration.clock.wallMilliseconds() >= retirement.endsMilliseconds
    {
      throw .modelRetired(successor: retirement.successor)
    }
    if principal.key != .local, let record {
      let account = LimitScope.account(record.account)
      rules.append((.key(record.firstKey), record.limits ?? configuration.keyLimits))
      rules.append((account, settings.limits[account]?.rule ?? configuration.accountLimits))
      if settings.hasLimitsAtModels {
        let accountAtModel = LimitScope.accountAtModel(record.account, model)
        for (scope, counts) in [
          (LimitScope.keyAtModel(record.id, model), LimitScope.keyAtModel(record.firstKey, model)),
          (accountAtModel, accountAtModel),
        ] {
          if let rule = settings.limits[scope]?.rule { rules.append((counts, rule)) }
        }
      }
    }
    if let rule = settings.limits[.model(model)]?.rule ?? configuration.modelLimits[model] {
      rules.append((.model(model), rule))
    }
    return rules
  }
}
