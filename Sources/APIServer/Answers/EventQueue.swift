// The events of a stream between whoever makes them and whoever writes them: everything that was
// made while one write went on leaves with the next.

import Synchronization
import Transformer

/// Bytes of events in an answer's format. One task writes what any number of others add.
final class EventQueue<Format: EventFormat>: Sendable {
  private struct State: Sendable {
    var format: Format
    var bytes: [UInt8] = []
    var isOpen = false
    var isFinished = false
    /// Whether the client is taking what came before. Only then what waits is its own doing.
    var isWriting = false
    /// The most that came at once of what waits, which says nothing of how fast the client reads.
    var largest = 0
    /// Whether more waited than may; nothing is added any more.
    var isFull = false
    var waiter: CheckedContinuation<Void, Never>?

    /// The opening travels with what follows it: one write, one packet.
    mutating func openOnce() {
      guard !isOpen else { return }
      isOpen = true
      format.open(&bytes)
    }
  }

  private let limit: Int
  private let onFull: @Sendable () -> Void
  private let state: Mutex<State>

  /// - Parameters:
  ///   - limit: bytes that may wait while others are written, beside the most that came at once.
  ///   - onFull: called once where more wait, which are dropped; `fail` has to follow.
  init(_ format: Format, limit: Int, onFull: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.onFull = onFull
    state = Mutex(State(format: format))
  }

  /// Adds pieces of a choice.
  func add(_ pieces: [AnswerPiece], choice: Int) {
    let isNewlyFull = change { state in
      guard !state.isFull else { return false }
      let byteCount = state.bytes.count
      state.openOnce()
      for piece in pieces { state.format.add(piece, choice: choice, &state.bytes) }
      state.largest = max(state.largest, state.bytes.count - byteCount)
      guard state.isWriting, state.bytes.count - state.largest > limit else { return false }
      state.isFull = true
      state.bytes = []
      return true
    }
    if isNewlyFull { onFull() }
  }

  /// Adds the natural end.
  func close(_ end: AnswerEnd) {
    change { state in
      state.openOnce()
      state.format.close(end, &state.bytes)
      state.isFinished = true
    }
  }

  /// Adds a failure; nothing follows.
  func fail(_ error: APIError) {
    change { state in
      state.format.fail(error, &state.bytes)
      state.isFinished = true
    }
  }

  /// Waits until there is something to write and gives all of it; nil after the end.
  func next() async -> [UInt8]? {
    while true {
      let (bytes, isFinished) = take()
      if !bytes.isEmpty { return bytes }
      if isFinished { return nil }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.bytes.isEmpty || state.isFinished { return true }
          state.waiter = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  private func take() -> (bytes: [UInt8], isFinished: Bool) {
    state.withLock { state in
      var bytes: [UInt8] = []
      swap(&bytes, &state.bytes)
      state.largest = 0
      state.isWriting = !bytes.isEmpty
      return (bytes, state.isFinished)
    }
  }

  private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    let (result, waiter) = state.withLock { state in
      let result = body(&state)
      return (result, state.waiter.take())
    }
    waiter?.resume()
    return result
  }
}
