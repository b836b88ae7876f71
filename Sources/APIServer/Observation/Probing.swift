// Asks every model for one token, or an encoder for a vector, again and again, and keeps what came
// of it: the status page says what probes found and nothing else. `SpeechProbe` asks those that hear.

import Metering
import Synchronization
import Transformer

/// The probes of a server.
struct Probing: Sendable {
  /// Longer than this nobody waits for a token.
  static let patience = Duration.seconds(5)
  /// After so many rounds availability is counted again.
  private static let roundsForAvailability = 75

  let backend: Backend
  let interval: Duration

  /// After so many rounds a model that failed to load is tried again.
  private static let roundsForLoading = 12

  /// Probes the models until it is cancelled. One that is loaded on demand is asked for a token while
  /// it is there, which is no use of it; while it is not, its file is looked at.
  func run() async {
    let probes = backend.models.map { Probe($0) }
    // Loading takes long, and no round waits for it.
    await withDiscardingTaskGroup { loads in
      var round = 0
      while !Task.isCancelled {
        if round % Self.roundsForLoading == Self.roundsForLoading - 1 {
          for probe in probes { loads.addTask { await probe.loadIfFailing() } }
        }
        await withTaskGroup(of: Void.self) { tasks in
          for (model, probe) in probes.enumerated() {
            tasks.addTask { await note(probe.finding(within: Self.patience), of: model) }
          }
        }
        if round % Self.roundsForAvailability == 0 { countAvailability() }
        round += 1
        try? await Task.sleep(for: interval)
      }
    }
  }

  private func note(
    _ answer: (isAnswered: Bool, isOnStandby: Bool, took: Duration), of model: Int
  ) {
    guard !Task.isCancelled else { return }
    let now = MeterClock.system.wallMilliseconds()
    backend.health.note(
      .init(
        isAnswered: answer.isAnswered, isOnStandby: answer.isOnStandby, at: .now,
        wallMilliseconds: now), of: model)
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
  private let model: ModelEntry
  private let speech: SpeechProbe?

  init(_ model: ModelEntry) {
    self.model = model
    speech = model.desk.map { SpeechProbe($0) }
  }

  /// Whether the model answers, or could.
  func finding(
    within patience: Duration
  ) async -> (isAnswered: Bool, isOnStandby: Bool, took: Duration) {
    let start = ContinuousClock.now
    if let speech { return (await speech.isAnswered(within: patience), false, .now - start) }
    guard let engine = model.engine else {
      let isReady = model.isReady
      return (isReady, true, .now - start)
    }
    let steps = engine.statistics.stepCount
    var isAnswered = false
    if model.probeCount.load(ordering: .acquiring) > 0 {
      try? await Task.sleep(for: patience)
    } else {
      isAnswered = await hearsFrom(engine, within: patience)
    }
    // A model that goes on computing for others is busy and well; an encoder's step may be long.
    let now = engine.statistics
    let isBusy = now.stepCount > steps || engine.facts.isEncoder && now.runningCount > 0
    return (isAnswered || isBusy, false, .now - start)
  }

  /// Loads a model that failed to be loaded, so that it is known when it can be again.
  func loadIfFailing() async {
    if model.engine == nil, !model.isReady { _ = try? await model.loaded() }
  }

  private func hearsFrom(_ engine: any TextEngine, within patience: Duration) async -> Bool {
    model.probeCount.wrappingAdd(1, ordering: .releasing)
    let (findings, finding) = AsyncStream<Bool>.makeStream()
    let reading = Task { [model] in
      finding.yield(await Self.isAnswered(by: engine))
      model.probeCount.wrappingSubtract(1, ordering: .releasing)
    }
    let waiting = Task {
      try? await Task.sleep(for: patience)
      finding.yield(false)
    }
    defer {
      reading.cancel()
      waiting.cancel()
    }
    for await isAnswered in findings { return isAnswered }
    return false
  }

  /// Whether the model answers to the end; one that ends at once has answered too.
  private static func isAnswered(by engine: any TextEngine) async -> Bool {
    let prompt = engine.encode("Hello", parsingSpecial: false, addingSpecial: true)
    if engine.facts.isEncoder {
      return (try? await engine.embed(prompt, pooling: engine.facts.pooling, owner: "")) != nil
    }
    var request = GenerationRequest(prompt: prompt)
    request.maxTokens = 1
    guard let stream = try? engine.start(request) else { return false }
    return await withTaskCancellationHandler {
      do {
        for try await event in stream {
          if case .finished(let summary) = event { return summary.finishReason != .cancelled }
        }
      } catch {}
      return false
    } onCancel: {
      stream.cancel()
    }
  }
}
