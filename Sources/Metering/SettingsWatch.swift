// Keys, prices and spend limits of a running server, kept up to date with what other processes
// change in the database.

import Dispatch
import Synchronization

/// What the database says that a decision needs, as it stood at one version. An object, because each
/// request takes hold of all of it at once.
final class OperatorSettings: Sendable {
  let keys: KeyTable
  let prices: PriceBook
  let budgets: [LimitScope: Budget]
  let credits: [AccountID: PicoEuro]
  /// Of accounts and models, and of keys at single models; keys have the rest in their records.
  let limits: [LimitScope: LimitRecord]
  /// Whether any of them holds at one model alone: most operators have none, and every request asks.
  let hasLimitsAtModels: Bool
  let terms: [TermsRecord]
  let retirements: [ModelID: ModelRetirement]
  let incidents: [IncidentRecord]
  let measures: ServerMeasures
  let retention: RetentionPeriods
  /// The newest of those to everybody, newest first.
  let notices: [NoticeRecord]

  /// Reads all of it.
  ///
  /// - Parameter before: what held until now. A pepper that cannot be read any more is taken from
  ///   there: it must not hold back what was revoked.
  init(_ store: UsageStore, before: OperatorSettings? = nil) throws(UsageStoreError) {
    // The keys first: the pepper of each is on the disk before it is.
    let records = try store.keys()
    let peppers: Peppers
    do throws(UsageStoreError) { peppers = try store.peppers() } catch {
      guard let before else { throw error }
      peppers = before.keys.peppers
    }
    keys = KeyTable(records, peppers: peppers)
    prices = PriceBook(try store.priceLists())
    budgets = try store.budgets()
    credits = try store.credits()
    limits = try store.limits(includesKeys: false)
    hasLimitsAtModels = limits.keys.contains {
      switch $0 {
      case .keyAtModel, .accountAtModel: true
      case .key, .account, .model, .address: false
      }
    }
    terms = try store.terms()
    retirements = try store.retirements()
    incidents = try store.incidents()
    retention = try store.retentionPeriods()
    notices = try store.noticesToEverybody(limit: 100)
    measures = ServerMeasures(incidents.filter { $0.endedMilliseconds == nil })
  }
}

/// The settings in memory, and the look at the database that renews them.
final class SettingsWatch: Sendable {
  private struct State {
    var settings: OperatorSettings
    var dataVersion: Int64
    var version: Int64
    var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    var followerCount = 0
  }

  private let store: UsageStore
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "apus.metering.settings")
  private let isWatching = Mutex(false)
  /// Held by who renews the settings: of two at once the slower would put what it read before the
  /// other, a revoked key among it, over what is newer.
  private let renewing = Mutex(())

  init(store: UsageStore) throws(UsageStoreError) {
    self.store = store
    let dataVersion = try store.dataVersion()
    state = Mutex(
      State(settings: try OperatorSettings(store), dataVersion: dataVersion, version: 1))
  }

  /// The settings as they stand, and a number that grows whenever they may have changed.
  var current: (settings: OperatorSettings, version: Int64) {
    state.withLock { ($0.settings, $0.version) }
  }

  /// The number alone.
  var version: Int64 { state.withLock { $0.version } }

  /// The record of a key, nil where there is none.
  func record(_ id: KeyID) -> KeyRecord? { state.withLock { $0.settings.keys.record(id) } }

  /// Looks for changes once. A database that cannot be read just now leaves everything as it is.
  func refresh() { renewing.withLock { _ in renew() } }

  private func renew() {
    // The version is read before the rows: a change between the two is seen the next time.
    guard let dataVersion = try? store.dataVersion(),
      dataVersion != state.withLock({ $0.dataVersion }),
      let settings = try? OperatorSettings(store, before: state.withLock { $0.settings })
    else { return }
    let followers = state.withLock { state in
      state.settings = settings
      state.dataVersion = dataVersion
      state.version += 1
      return state.followers
    }
    for follower in followers.values { follower.yield() }
  }

  /// An element at once, and one after each change; only the newest waits for a slow reader.
  func changes() -> AsyncStream<Void> {
    let (changes, follower) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    follower.yield()
    let number = state.withLock { state in
      state.followerCount += 1
      state.followers[state.followerCount] = follower
      return state.followerCount
    }
    follower.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.followers.removeValue(forKey: number) }
    }
    return changes
  }

  /// Looks for changes from now on, at this interval, until stopped or released.
  func start(every interval: Duration) {
    isWatching.withLock { $0 = true }
    scheduleNext(after: .microseconds(Int(clamping: max(1000, interval.microseconds))))
  }

  /// Looks no more.
  func stop() { isWatching.withLock { $0 = false } }

  private func scheduleNext(after interval: DispatchTimeInterval) {
    queue.asyncAfter(deadline: .now() + interval) { [weak self] in
      guard let self, isWatching.withLock({ $0 }) else { return }
      refresh()
      scheduleNext(after: interval)
    }
  }
}
