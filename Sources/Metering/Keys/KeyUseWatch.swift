// On which day keys were last used: who looks for keys that nobody needs any more has to know. A day and
// no more, because when people work is nobody's business.

import Dispatch
import GRDB
import Synchronization

/// Remembers the keys that came today, and writes those down that were not known to, beside the road of
/// requests.
final class KeyUseWatch: Sendable {
  private struct State {
    /// Days since 1970.
    var day: Int64 = 0
    /// The keys that came on that day.
    var seen: Set<KeyID> = []
    /// Those of them that are not written yet, with the day.
    var unwritten: [KeyID: Int64] = [:]
    var isWaiting = false
  }

  /// New keys of a day are gathered for so long: whoever writes makes a server read its keys again.
  private static let patience = DispatchTimeInterval.seconds(60)

  private let store: UsageStore
  private let queue = DispatchQueue(label: "apus.metering.key-use", qos: .utility)
  private let state = Mutex(State())

  init(store: UsageStore) { self.store = store }

  /// Notes that somebody came with a key.
  func note(_ key: KeyID, at wallMilliseconds: Int64) {
    let day = CivilDate(of: wallMilliseconds).dayNumber
    let mustWait = state.withLock { state in
      if state.day != day { (state.day, state.seen) = (day, []) }
      guard state.seen.insert(key).inserted else { return false }
      state.unwritten[key] = day
      defer { state.isWaiting = true }
      return !state.isWaiting
    }
    guard mustWait else { return }
    queue.asyncAfter(deadline: .now() + Self.patience) { [weak self] in self?.write() }
  }

  /// Writes what is not written yet.
  func flush() { queue.sync { write() } }

  private func write() {
    let days = state.withLock { state in
      defer { (state.unwritten, state.isWaiting) = ([:], false) }
      return state.unwritten
    }
    guard !days.isEmpty else { return }
    do throws(UsageStoreError) { try store.noteUse(of: days) } catch {
      // It goes with the next one that is new.
      state.withLock { $0.unwritten.merge(days) { max($0, $1) } }
    }
  }
}

extension UsageStore {
  /// Notes on which day keys were used; a day before the one that is known changes nothing.
  func noteUse(of days: [KeyID: Int64]) throws(UsageStoreError) {
    try write(doing: "note when keys were used") { db in
      for (key, day) in days {
        try db.cachedStatement(
          sql: "UPDATE api_key SET last_used_day = max(coalesce(last_used_day, 0), ?) WHERE id = ?"
        ).execute(arguments: [day, key.rawValue])
      }
    }
  }

  /// The day in UTC on which each key was last used; none for those that never were.
  package func lastUse() throws(UsageStoreError) -> [KeyID: CivilDate] {
    let rows = try read(doing: "read when keys were used") {
      try Row.fetchAll(
        $0, sql: "SELECT id, last_used_day FROM api_key WHERE last_used_day IS NOT NULL"
      ).map { (KeyID(rawValue: $0["id"]), CivilDate(dayNumber: $0["last_used_day"])) }
    }
    return Dictionary(uniqueKeysWithValues: rows)
  }
}
