// Where answers wait until a test lets them go on.

import Synchronization

/// Stops who comes, until it is opened for all, or for one.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var passing: Set<ObjectIdentifier> = []
    var waiting: [ObjectIdentifier: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// Waits; under this name it may be let through alone.
  func wait(_ name: ObjectIdentifier) async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isOpen || state.passing.contains(name) { return true }
        state.waiting[name] = continuation
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  /// Lets one through, who may come later.
  func pass(_ name: ObjectIdentifier) {
    let waiter = state.withLock { state in
      state.passing.insert(name)
      return state.waiting.removeValue(forKey: name)
    }
    waiter?.resume()
  }

  /// Lets all through from now on.
  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for waiter in waiting { waiter.resume() }
  }
}
