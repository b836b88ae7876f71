// A speech model and whoever waits for it. It works on one recording at a time, with all its threads;
// others wait in the order they came, and owners take turns.

import Synchronization
import Transformer

/// A speech model that is asked by many.
final class TranscriptionDesk: Sendable {
  private struct Waiter {
    let id: Int
    let owner: String
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    /// Whether somebody has the model.
    var isTaken = false
    var lastOwner = ""
    var lastID = 0
    var waiting: [Waiter] = []
  }

  /// Requests that wait, at most: each of them keeps its file.
  static let queueLimit = 16

  let transcriber: any Transcriber
  private let state = Mutex(State())

  init(_ transcriber: any Transcriber) { self.transcriber = transcriber }

  /// Recordings that wait or are worked on.
  var pendingCount: Int { state.withLock { $0.waiting.count + ($0.isTaken ? 1 : 0) } }

  /// Waits for the model and does something while nobody else has it.
  ///
  /// - Throws: `EngineError.overloaded`, `CancellationError` when the task is cancelled, or what
  ///   `body` throws.
  func withTurn<Result>(
    owner: String, _ body: () async throws -> Result
  ) async throws -> Result {
    try await take(owner: owner)
    defer { giveBack() }
    return try await body()
  }

  /// Writes down what is said, on a thread of its own. To be called in a turn.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, and what the model throws.
  func transcribe(
    _ sound: SpeechSound, _ options: TranscriptionOptions,
    onSegment: @escaping @Sendable (TranscriptionSegment) -> Void
  ) async throws -> Transcription {
    let stop = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await onOwnThread { [transcriber] in
        try transcriber.transcribe(
          sound, options: options, onSegment: { onSegment($0) },
          isCancelled: { stop.isSet })
      }
    } onCancel: {
      stop.set()
    }
  }

  private func take(owner: String) async throws {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enter(Waiter(id: id, owner: owner, continuation: continuation))
      }
    } onCancel: {
      leave(id)
    }
  }

  /// Lets a waiter in, has it wait, or turns it away.
  private func enter(_ waiter: Waiter) {
    let answer: Result<Void, any Error>? = state.withLock { state in
      // A cancellation that came before found nobody to turn away.
      if Task.isCancelled { return .failure(CancellationError()) }
      if !state.isTaken {
        state.isTaken = true
        state.lastOwner = waiter.owner
        return .success(())
      }
      guard state.waiting.count < Self.queueLimit else {
        return .failure(EngineError.overloaded(queueLimit: Self.queueLimit))
      }
      state.waiting.append(waiter)
      return nil
    }
    if let answer { waiter.continuation.resume(with: answer) }
  }

  /// Turns away who waits no longer.
  private func leave(_ id: Int) {
    let waiter = state.withLock { state in
      state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
    }
    waiter?.continuation.resume(throwing: CancellationError())
  }

  /// Lets the next one in: of another owner, where one waits.
  private func giveBack() {
    let next: Waiter? = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isTaken = false
        return nil
      }
      let index = state.waiting.firstIndex { $0.owner != state.lastOwner } ?? 0
      let waiter = state.waiting.remove(at: index)
      state.lastOwner = waiter.owner
      return waiter
    }
    next?.continuation.resume()
  }
}
