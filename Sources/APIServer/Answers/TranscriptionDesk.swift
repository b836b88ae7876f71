// A speech model and whoever waits for it. It works on one recording at a time, with all its threads;
// others wait in the order they came, and owners take turns and share the places to wait at.

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
  private let steps = Atomic(0)

  init(_ transcriber: any Transcriber) { self.transcriber = transcriber }

  /// Recordings that wait or are worked on.
  var pendingCount: Int { state.withLock { $0.waiting.count + ($0.isTaken ? 1 : 0) } }
  /// Whether somebody has the model.
  var isTaken: Bool { state.withLock { $0.isTaken } }
  /// Whether somebody waits for it.
  var isWaitedFor: Bool { state.withLock { !$0.waiting.isEmpty } }
  /// Turns that began, and times that work in one has asked whether to go on: by this others see that
  /// whoever has the model is not stuck.
  var stepCount: Int { steps.load(ordering: .relaxed) }

  /// Does something while nobody else has the model; nil at once where somebody has it.
  func withFreeTurn<Result>(_ body: () async throws -> Result) async rethrows -> Result? {
    let isFree = state.withLock { state in
      guard !state.isTaken else { return false }
      state.isTaken = true
      return true
    }
    guard isFree else { return nil }
    defer { giveBack() }
    steps.wrappingAdd(1, ordering: .relaxed)
    return try await body()
  }

  /// Waits for the model and does something while nobody else has it.
  ///
  /// - Throws: `EngineError.overloaded`, also where it waited already and an owner with fewer
  ///   waiters needed its place; `CancellationError` when the task is cancelled, or what
  ///   `body` throws.
  func withTurn<Result>(
    owner: String, _ body: () async throws -> Result
  ) async throws -> Result {
    try await take(owner: owner)
    defer { giveBack() }
    steps.wrappingAdd(1, ordering: .relaxed)
    return try await body()
  }

  /// Works on a thread of its own. To be called in a turn.
  ///
  /// - Parameter body: is given what tells whether the task was cancelled, and asks it at least once a
  ///   second or so.
  func work<Result: Sendable>(
    _ body: @escaping @Sendable (_ isCancelled: () -> Bool) throws -> Result
  ) async throws -> Result {
    try await onOwnThread { [self] isCancelled in
      try body {
        steps.wrappingAdd(1, ordering: .relaxed)
        return isCancelled()
      }
    }
  }

  /// Writes down what is said, on a thread of its own. To be called in a turn.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, and what the model throws.
  func transcribe(
    _ sound: SpeechSound, _ options: TranscriptionOptions,
    onSegment: @escaping @Sendable (TranscriptionSegment) -> Void
  ) async throws -> Transcription {
    try await work { [transcriber] isCancelled in
      try transcriber.transcribe(
        sound, options: options, onSegment: { onSegment($0) }, isCancelled: isCancelled)
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

  /// Lets a waiter in, has it wait, or turns somebody away.
  private func enter(_ waiter: Waiter) {
    typealias Answer = (waiter: Waiter, result: Result<Void, any Error>)
    let answer: Answer? = state.withLock { state in
      // A cancellation that came before found nobody to turn away.
      if Task.isCancelled { return (waiter, .failure(CancellationError())) }
      if !state.isTaken {
        state.isTaken = true
        state.lastOwner = waiter.owner
        return (waiter, .success(()))
      }
      state.waiting.append(waiter)
      guard state.waiting.count > Self.queueLimit else { return nil }
      let surplus = state.waiting.remove(at: Self.surplus(in: state.waiting))
      return (surplus, .failure(EngineError.overloaded(queueLimit: Self.queueLimit)))
    }
    if let answer { answer.waiter.continuation.resume(with: answer.result) }
  }

  /// Who has to go where one too many wait, the last of whom has just come: the youngest of the owner
  /// with most. Where that is the newcomer's too, or has but one more without it, nobody who waits
  /// makes room.
  private static func surplus(in waiting: [Waiter]) -> Int {
    var counts: [String: Int] = [:]
    for waiter in waiting { counts[waiter.owner, default: 0] += 1 }
    let last = waiting.count - 1
    let most = counts.values.max() ?? 0
    guard counts[waiting[last].owner, default: 0] < most else { return last }
    return waiting.lastIndex { counts[$0.owner] == most } ?? last
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
