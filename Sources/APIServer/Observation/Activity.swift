// Which requests run, and whether new ones are taken: what a graceful end waits for.

import Synchronization

/// Counts the requests that run.
final class Activity: Sendable {
  private struct State: Sendable {
    var running = 0
    var isDraining = false
    var waiters: [CheckedContinuation<Void, Never>] = []

    mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
      defer { waiters = [] }
      return waiters
    }
  }

  private let state = Mutex(State())

  var running: Int { state.withLock { $0.running } }
  var isDraining: Bool { state.withLock { $0.isDraining } }

  /// Takes a request in; false where none is taken any more and `end` must not be called.
  func begin() -> Bool {
    state.withLock { state in
      guard !state.isDraining else { return false }
      state.running += 1
      return true
    }
  }

  func end() {
    let waiters = state.withLock { state in
      state.running -= 1
      return state.running == 0 ? state.takeWaiters() : []
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Takes no requests from now on, and waits until the running ones have ended or `limit` has
  /// passed. Gives whether all have ended.
  func drain(atMost limit: Duration) async -> Bool {
    state.withLock { $0.isDraining = true }
    let timer = Task {
      try? await Task.sleep(for: limit)
      for waiter in state.withLock({ $0.takeWaiters() }) { waiter.resume() }
    }
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.running == 0 { return true }
        state.waiters.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
    timer.cancel()
    return running == 0
  }
}
