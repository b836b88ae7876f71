// One request on its way through the engine.

import Tokenizer

/// A request as it was submitted.
struct Submission: Sendable {
  let request: GenerationRequest
  let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  let flag: CancellationFlag
  let submitted: ContinuousClock.Instant
}

/// A sequence that waits or runs: its tokens, its memory, and what turns tokens into events. Used
/// by the engine's thread; sampling reads it from several.
final class EngineSequence: @unchecked Sendable {
  let request: GenerationRequest
  /// Counts submissions: of two sequences the younger has the larger number.
  let number: Int
  /// Prompt and answer so far. The forward pass takes those that the memory does not hold yet.
  private(set) var tokens: [TokenID]
  /// Nil while it waits.
  var memory: SequenceMemory?
  let sampler: Sampler

  private let submission: Submission
  private let endIDs: Set<TokenID>
  private let limit: Int
  private var decoder: StreamingDecoder
  private var stops: StopTexts
  private var generatedCount = 0
  private var cachedCount: Int?
  private var started: ContinuousClock.Instant?
  private var firstToken: ContinuousClock.Instant?

  init(_ submission: Submission, number: Int, model: Model) {
    self.submission = submission
    self.number = number
    request = submission.request
    tokens = request.prompt
    sampler = Sampler(request.sampling)
    decoder = StreamingDecoder(model.tokenizer)
    stops = StopTexts(request.stop)
    let room = model.contextLength - request.prompt.count
    limit = min(max(0, request.maxTokens ?? room), room)
    endIDs = request.ignoreEndOfGeneration ? [] : Set(model.tokenizer.endOfGenerationIDs)
  }

  /// Who shares the engine with others; requests without an owner do so together.
  var shareOwner: String { request.owner ?? "" }
  var isCancelled: Bool { submission.flag.isSet }
  var wantsNothing: Bool { generatedCount >= limit }

  /// Tokens that are not in memory yet: 1 while it decodes, more while it reads a prompt.
  var pendingCount: Int { tokens.count - (memory?.count ?? 0) }
  var isDecoding: Bool { memory != nil && pendingCount == 1 && generatedCount > 0 }

  /// Begins to run, or runs again after it was set back.
  func start(_ memory: SequenceMemory) {
    self.memory = memory
    if started == nil { started = .now }
    if cachedCount == nil { cachedCount = min(memory.count, request.prompt.count) }
  }

  /// Whether the prompt is in memory and the answer has not begun.
  var isAtAnswer: Bool { generatedCount == 0 }

  /// Takes the next token and tells it. Gives how the answer ends, if it does.
  func accept(_ id: TokenID) -> (reason: FinishReason, text: String)? {
    generatedCount += 1
    if firstToken == nil { firstToken = .now }
    if endIDs.contains(id) { return (.stop, heldText()) }
    let (text, isStopped) = stops.append(decoder.append(id))
    submission.continuation.yield(.token(GeneratedToken(id: id, text: text)))
    tokens.append(id)
    if isStopped { return (.stop, "") }
    return wantsNothing ? (.length, heldText()) : nil
  }

  /// The end of the text that was held back.
  private func heldText() -> String {
    let rest = stops.append(decoder.finish())
    return rest.isStopped ? rest.text : rest.text + stops.finish()
  }

  /// Tells the last event.
  func finish(_ reason: FinishReason, text: String = "") {
    let now = ContinuousClock.now
    let started = started ?? now
    let summary = GenerationSummary(
      finishReason: reason, promptTokenCount: request.prompt.count,
      cachedPromptTokenCount: cachedCount ?? 0, generatedTokenCount: generatedCount,
      reasoningTokenCount: 0, promptDuration: (firstToken ?? now) - started,
      decodeDuration: now - (firstToken ?? now), queueDuration: started - submission.submitted,
      text: text)
    submission.continuation.yield(.finished(summary))
    submission.continuation.finish()
  }

  /// Ends it with an error.
  func fail(_ error: any Error) { submission.continuation.finish(throwing: error) }
}
