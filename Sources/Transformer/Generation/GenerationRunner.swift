// Computes one request after another.

import Tokenizer

/// A request in the queue.
struct GenerationWork: Sendable {
  let request: GenerationRequest
  let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  let flag: CancellationFlag
  let submitted: ContinuousClock.Instant
}

/// Runs requests on a session that it owns. Used by one thread only, the engine's.
final class GenerationRunner: @unchecked Sendable {
  private let session: Session
  private let model: Model

  init(_ model: Model) throws {
    self.model = model
    session = try Session(model)
  }

  /// Computes a request to its end and tells its events.
  func run(_ work: GenerationWork) {
    // What was said must not outlive its request.
    defer { session.reset() }
    do {
      let summary = try generate(work)
      work.continuation.yield(.finished(summary))
      work.continuation.finish()
    } catch {
      work.continuation.finish(throwing: error)
    }
  }

  private func generate(_ work: GenerationWork) throws -> GenerationSummary {
    let request = work.request
    let started = ContinuousClock.now
    var firstToken: ContinuousClock.Instant?
    var decoder = StreamingDecoder(model.tokenizer)
    var stops = StopTexts(request.stop)
    let sampler = Sampler(request.sampling)
    var sequence = request.prompt
    let room = model.contextLength - request.prompt.count
    let limit = min(max(0, request.maxTokens ?? room), room)
    var generated = 0

    func summary(_ reason: FinishReason, text: String) -> GenerationSummary {
      let now = ContinuousClock.now
      return GenerationSummary(
        finishReason: reason, promptTokenCount: request.prompt.count, cachedPromptTokenCount: 0,
        generatedTokenCount: generated, reasoningTokenCount: 0,
        promptDuration: (firstToken ?? now) - started,
        decodeDuration: now - (firstToken ?? now), queueDuration: started - work.submitted,
        text: text)
    }

    guard !work.flag.isSet else { return summary(.cancelled, text: "") }
    var logits: [Float] = []
    do {
      try session.evaluate(
        request.prompt, logits: .last, isCancelled: { work.flag.isSet }, { logits = $0 })
    } catch is CancellationError {
      return summary(.cancelled, text: "")
    }
    while generated < limit {
      if work.flag.isSet { return summary(.cancelled, text: "") }
      let id = sampler.sample(logits, recent: sequence, position: sequence.count)
      generated += 1
      if firstToken == nil { firstToken = ContinuousClock.now }
      if !request.ignoreEndOfGeneration, model.tokenizer.endOfGenerationIDs.contains(id) {
        let rest = stops.append(decoder.finish())
        return summary(.stop, text: rest.isStopped ? rest.text : rest.text + stops.finish())
      }
      let (text, isStopped) = stops.append(decoder.append(id))
      work.continuation.yield(.token(GeneratedToken(id: id, text: text)))
      if isStopped { return summary(.stop, text: "") }
      sequence.append(id)
      if generated < limit {
        try session.evaluate([id], logits: .last) { logits = $0 }
      }
    }
    let rest = stops.append(decoder.finish())
    return summary(.length, text: rest.isStopped ? rest.text : rest.text + stops.finish())
  }
}
