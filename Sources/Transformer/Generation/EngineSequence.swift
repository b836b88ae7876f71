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
  private(set) var memory: SequenceMemory?
  let sampler: Sampler
  /// Guesses of the tokens that follow, for the next forward pass.
  private(set) var guesses: ArraySlice<TokenID> = []
  /// Where its memory stands without guesses, while it has some.
  private(set) var checkpoint: SequenceMemory.Checkpoint?

  private let submission: Submission
  private let endIDs: Set<TokenID>
  private let limit: Int
  private var decoder: StreamingDecoder
  private var stops: StopTexts
  private var lookup = PromptLookup()
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

  /// Gives up its memory, and the guesses of a step that may not come.
  func leave() {
    guesses = []
    checkpoint = nil
    memory?.wipe()
    memory = nil
  }

  /// Guesses what follows, or that nothing is known.
  func guess(atMost count: Int) {
    let room = min(count, limit - generatedCount - 1)
    guesses = count > 0 ? lookup.guess(after: tokens, room: room) : []
    checkpoint = guesses.isEmpty ? nil : memory?.checkpoint()
  }

  /// The token at a place of the sequence or of the guesses after it.
  func token(at position: Int) -> TokenID {
    position < tokens.count
      ? tokens[position] : guesses[guesses.startIndex + position - tokens.count]
  }

  /// The next token by the logits of `position`, where all before it is as guessed.
  func choose(_ logits: [Float], after position: Int) -> TokenID {
    request.observeLogits?(position, logits)
    // Without guesses before it the sequence is passed on as it is, uncopied.
    let guessed = guesses.prefix(position + 1 - tokens.count)
    let recent = guessed.isEmpty ? tokens : tokens + guessed
    return sampler.sample(logits, recent: recent, position: position + 1)
  }

  /// Takes what was chosen after the last token and after each guess, as far as the guesses were
  /// right. Gives their number, and how the answer ends, if it does.
  func accept(_ chosen: ArraySlice<TokenID>) -> (right: Int, ending: Ending?) {
    let guesses = guesses
    self.guesses = []
    checkpoint = nil
    var right = 0
    for (index, id) in chosen.enumerated() {
      let isRight = index < guesses.count && guesses[guesses.startIndex + index] == id
      let ending = accept(id)
      if isRight, ending == nil { right += 1 }
      if ending != nil || !isRight {
        lookup.note(right: right, guessed: guesses.count)
        return (right, ending)
      }
    }
    return (right, nil)
  }

  /// Whether the prompt is in memory and the answer has not begun.
  var isAtAnswer: Bool { generatedCount == 0 }

  /// Takes the next token and tells it. Gives how the answer ends, if it does.
  private func accept(_ id: TokenID) -> Ending? {
    generatedCount += 1
    if firstToken == nil { firstToken = .now }
    if endIDs.contains(id) { return (.stop, heldText()) }
    let (text, isStopped) = stops.append(decoder.append(id))
    submission.continuation.yield(.token(GeneratedToken(id: id, text: text)))
    tokens.append(id)
    if isStopped { return (.stop, "") }
    return wantsNothing ? (.length, heldText()) : nil
  }

  typealias Ending = (reason: FinishReason, text: String)

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
