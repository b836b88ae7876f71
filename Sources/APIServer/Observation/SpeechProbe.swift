// Whether a speech model answers: it is asked to write down a moment of silence, or watched while it
// works for others.

import Synchronization
import Transformer

/// Asks one speech model. However short a recording is, the model works on a window of half a minute,
/// which takes it seconds where it is large. So it is not asked in each round, and whoever comes with
/// a recording need not wait for it.
final class SpeechProbe: Sendable {
  /// A tenth of a second.
  private static let sampleCount = 1_600
  /// An answer holds for so long, and for so many times as long as it took.
  private static let validity = (least: Duration.seconds(60), factor: 20)

  private enum Outcome: Sendable {
    case answered, failed
    /// Somebody was faster and has the model.
    case isTaken
    /// Somebody else wants the model, or it took too long.
    case brokenOff
  }

  private struct State {
    var stepCount = 0
    /// When the steps were last found to have become more.
    var movedAt = ContinuousClock.now
    /// Until when the last answer holds; nil where there was none.
    var validUntil: ContinuousClock.Instant?
  }

  private let desk: TranscriptionDesk
  private let state = Mutex(State())

  init(_ desk: TranscriptionDesk) { self.desk = desk }

  /// Whether the model answers, has answered lately, or goes on with its work.
  func isAnswered(within patience: Duration) async -> Bool {
    let start = ContinuousClock.now
    if desk.isTaken { return goesOn(start, patience) }
    if let end = state.withLock({ $0.validUntil }), start < end { return true }
    let stepCount = desk.stepCount
    switch await outcome(within: patience) {
    case .answered:
      let took = ContinuousClock.now - start
      state.withLock { state in
        state.validUntil = .now + max(Self.validity.least, took * Self.validity.factor)
      }
      return true
    case .failed:
      state.withLock { $0.validUntil = nil }
      return false
    case .isTaken:
      return true
    case .brokenOff:
      let now = desk.stepCount
      // More than the beginning of its own turn.
      let hasMoved = now > stepCount + 1
      state.withLock { state in
        state = State(stepCount: now, movedAt: hasMoved ? .now : start, validUntil: nil)
      }
      return hasMoved
    }
  }

  /// Whether a model at work was found to have moved on within the patience.
  private func goesOn(_ now: ContinuousClock.Instant, _ patience: Duration) -> Bool {
    let stepCount = desk.stepCount
    return state.withLock { state in
      if stepCount != state.stepCount {
        state.stepCount = stepCount
        state.movedAt = now
      }
      return now - state.movedAt <= patience
    }
  }

  private func outcome(within patience: Duration) async -> Outcome {
    let (outcomes, outcome) = AsyncStream<Outcome>.makeStream()
    let asking = Task { [desk] in outcome.yield(await Self.ask(desk)) }
    let waiting = Task {
      try? await Task.sleep(for: patience)
      outcome.yield(.brokenOff)
    }
    defer {
      asking.cancel()
      waiting.cancel()
    }
    for await outcome in outcomes { return outcome }
    return .brokenOff
  }

  private static func ask(_ desk: TranscriptionDesk) async -> Outcome {
    var options = TranscriptionOptions()
    // To find it out would be a second pass.
    options.language = desk.transcriber.languages.first
    do {
      let answer = try await desk.withFreeTurn { [options] in
        try await desk.work { isCancelled in
          let silence = try SpeechSound([Float](repeating: 0, count: sampleCount))
          return try desk.transcriber.transcribe(
            silence, options: options, onSegment: { _ in },
            isCancelled: { isCancelled() || desk.isWaitedFor })
        }
      }
      return answer == nil ? .isTaken : .answered
    } catch is CancellationError {
      return .brokenOff
    } catch {
      return .failed
    }
  }
}
