// The keys of a running server, kept up to date with what other processes change in the database.

import Dispatch
import Synchronization

/// The table of keys in memory, and the look at the database that renews it.
final class KeyWatch: Sendable {
  private struct State {
    var table: KeyTable
    var dataVersion: Int64
    var version: Int64
  }

  private let store: UsageStore
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "apus.metering.keys")
  private let isWatching = Mutex(false)

  init(store: UsageStore) throws(UsageStoreError) {
    self.store = store
    let dataVersion = try store.dataVersion()
    state = Mutex(
      State(table: KeyTable(try store.keys()), dataVersion: dataVersion, version: 1))
  }

  /// The table as it stands.
  var table: KeyTable { state.withLock { $0.table } }
  /// A number that grows whenever the table may have changed.
  var version: Int64 { state.withLock { $0.version } }

  /// The record of a key that works, nil otherwise.
  func activeRecord(_ id: KeyID) -> KeyRecord? { state.withLock { $0.table.activeRecord(id) } }

  /// Looks for changes once. A database that cannot be read just now leaves the table as it is.
  func refresh() {
    // The version is read before the rows: a change between the two is seen the next time.
    guard let dataVersion = try? store.dataVersion(),
      dataVersion != state.withLock({ $0.dataVersion }),
      let records = try? store.keys()
    else { return }
    let table = KeyTable(records)
    state.withLock { state in
      state.table = table
      state.dataVersion = dataVersion
      state.version += 1
    }
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
