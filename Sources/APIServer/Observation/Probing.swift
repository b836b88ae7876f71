// Asks every model for one token, again and again, and keeps what came of it: the status page says
// what probes found and nothing else.

import Metering
import Synchronization
import Tokenizer
import Transformer

/// The probes of a server.
struct Probing: Sendable {
  /// Longer than this nobody waits for a token.
  static let patience = Duration.seconds(5)
  /// After so many rounds availability is counted again.
  private static let roundsForAvailability = 75

  let backend: Backend
  let interval: Duration

  /// Probes the models that are there all the time until it is cancelled. One that is loaded when
  /// somebody asks for it is not probed: it would never be idle, and never go.
  func run() async {
    let probes = backend.models.enumerated().compactMap { place, model in
      model.store == nil ? model.engine.map { (place, Probe($0)) } : nil
    }
    var round = 0
    while !Task.isCancelled {
      await withTaskGroup(of: Void.self) { tasks in
        for (model, probe) in probes {
          tasks.addTask { await note(probe.isAnswered(within: Self.patience), of: model) }
        }
      }
      if round % Self.roundsForAvailability == 0 { countAvailability() }
      round += 1
      try? await Task.sleep(for: interval)
    }
  }

  private func note(_ answer: (isAnswered: Bool, took: Duration), of model: Int) {
    guard !Task.isCancelled else { return }
    let now = MeterClock.system.wallMilliseconds()
    backend.health.note(
      .init(isAnswered: answer.isAnswered, at: .now, wallMilliseconds: now), of: model)
    guard let store = backend.meter?.store else { return }
    let id = backend.models[model].recordID
    // The page goes by what was found; a row that the disk refuses is missing in the availability.
    try? store.record([
      ProbeRow(
        model: id, atMilliseconds: now, isAnswered: answer.isAnswered,
        microseconds: answer.took.milliseconds * 1000)
    ])
    try? store.noteOutage(of: id, isOut: !answer.isAnswered)
  }

  private func countAvailability() {
    guard let store = backend.meter?.store else { return }
    let now = MeterClock.system.wallMilliseconds()
    for (place, model) in backend.models.enumerated() {
      if let day = try? store.availability(of: model.recordID, from: now - 86_400_000),
        let month = try? store.availability(of: model.recordID, from: now - 30 * 86_400_000)
      {
        backend.health.note(day: day, month: month, of: place)
      }
    }
  }
}

/// Asks one model. A model that has not answered the last time is not asked a second time meanwhile.
private final class Probe: Sendable {
  private let engine: any TextEngine
  private let prompt: [TokenID]
  private let isRunning = Atomic(false)

  init(_ engine: any TextEngine) {
    self.engine = engine
    prompt = engine.encode("Hello", parsingSpecial: false, addingSpecial: true)
  }

  func isAnswered(within patience: Duration) async -> (isAnswered: Bool, took: Duration) {
    let start = ContinuousClock.now
    let steps = engine.statistics.stepCount
    var isAnswered = false
    if isRunning.exchange(true, ordering: .acquiringAndReleasing) {
      try? await Task.sleep(for: patience)
    } else {
      isAnswered = await firstToken(within: patience)
    }
    // A model that goes on computing for others is busy and well.
    let isBusy = engine.statistics.stepCount > steps
    return (isAnswered || isBusy, .now - start)
  }

  private func firstToken(within patience: Duration) async -> Bool {
    var request = GenerationRequest(prompt: prompt)
    request.maxTokens = 1
    guard let stream = try? engine.start(request) else {
      isRunning.store(false, ordering: .releasing)
      return false
    }
    let (findings, finding) = AsyncStream<Bool>.makeStream()
    let reading = Task { [self] in
      finding.yield(await Self.isAnswered(stream))
      isRunning.store(false, ordering: .releasing)
    }
    let waiting = Task {
      try? await Task.sleep(for: patience)
      finding.yield(false)
    }
    defer {
      stream.cancel()
      reading.cancel()
      waiting.cancel()
    }
    for await isAnswered in findings { return isAnswered }
    return false
  }

  /// Whether the model answers to the end; one that ends at once has answered too.
  private static func isAnswered(_ stream: any TokenStream) async -> Bool {
    do {
      for try await event in stream {
        if case .finished(let summary) = event { return summary.finishReason != .cancelled }
      }
    } catch {}
    return false
  }
}
