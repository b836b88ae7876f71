// What goes on for each API key, so that it ends as soon as the key is revoked or its account is
// stopped. Each token asks whether its key still holds; while a prompt is read, or texts become
// vectors, there is none that would.

import Metering
import Synchronization

/// The work of a server, by the keys that it is done for.
final class RunningWork: Sendable {
  /// Work that goes on. It is forgotten when this is released.
  final class Entry: Sendable {
    private let work: RunningWork
    private let key: KeyID
    private let number: Int

    fileprivate init(_ work: RunningWork, _ key: KeyID, _ number: Int) {
      self.work = work
      self.key = key
      self.number = number
    }

    deinit { work.forget(key, number) }
  }

  private struct State {
    var last = 0
    var ends: [KeyID: [Int: @Sendable () -> Void]] = [:]
  }

  private let state = Mutex(State())

  /// Takes work in.
  ///
  /// - Parameter end: ends it, and must not block; may be called from anywhere and more than once.
  func enter(_ key: KeyID, _ end: @escaping @Sendable () -> Void) -> Entry {
    let number = state.withLock { state in
      state.last += 1
      state.ends[key, default: [:]][state.last] = end
      return state.last
    }
    return Entry(self, key, number)
  }

  /// Ends what goes on for keys that hold no more.
  func end(unless holds: (KeyID) -> Bool) {
    let keys = state.withLock { Array($0.ends.keys) }.filter { !holds($0) }
    let ends = state.withLock { state in keys.flatMap { Array((state.ends[$0] ?? [:]).values) } }
    for end in ends { end() }
  }

  private func forget(_ key: KeyID, _ number: Int) {
    // What a closure holds is let go outside: its end may ask for this lock.
    let end = state.withLock { state in
      let end = state.ends[key]?.removeValue(forKey: number)
      if state.ends[key]?.isEmpty == true { state.ends[key] = nil }
      return end
    }
    withExtendedLifetime(end) {}
  }
}

extension Exchange {
  /// Whether the key that asks was neither revoked nor stopped with its account since.
  var holdsKey: Bool {
    let key = principal.key
    return key == .local || backend.meter?.isUsable(key) ?? true
  }

  /// Has work end with the key that it is done for, for as long as what this gives is held.
  func endingWithKey(_ end: @escaping @Sendable () -> Void) -> RunningWork.Entry {
    let entry = backend.work.enter(principal.key, end)
    // A key that was revoked after it was looked at and before the work was known.
    if !holdsKey { end() }
    return entry
  }
}
