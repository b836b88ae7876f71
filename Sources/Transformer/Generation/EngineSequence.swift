// One request on its way through the engine.

import Tokenizer

/// A request as it was submitted.
struct Submission: Sendable {
  let request: GenerationRequest
  let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
  let flag: CancellationFlag
  let submitted: ContinuousClock.Instant
  /// Before its first token.
  let constraint: ConstrainedAnswer?
  /// What takes the hidden states of the prompt, where they are wanted and no answer is.
  let pooling: PooledStates?
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

  /// Whether nothing of it is to be remembered for its owner.
  var isForgotten = false

  private let submission: Submission
  private let endIDs: Set<TokenID>
  private let limit: Int
  private let contextLength: Int
  private let modelName: String
  private let likelihoods = LikelihoodLog()
  private let failures = ChoiceFailures()
  private var decoder: StreamingDecoder
  private var stops: StopTexts
  private var guesser: Guesser
  private var constraint: ConstrainedAnswer?
  private var reasoning: BoundedReasoning?
  /// Why the answer cannot go on.
  private var failure: (any Error)?
  private var generatedCount = 0
  /// Tokens that were taken out of the middle so far.
  private var shiftedCount = 0
  private var cachedCount: Int?
  private var started: ContinuousClock.Instant?
  private var firstToken: ContinuousClock.Instant?

  init(_ submission: Submission, number: Int, model: Model, _ options: EngineOptions) {
    self.submission = submission
    self.number = number
    request = submission.request
    tokens = request.prompt
    sampler = Sampler(
      request.sampling, answerStart: request.prompt.count,
      endIDs: request.stopTokens.union(model.tokenizer.endOfGenerationIDs))
    guesser = Guesser(options)
    decoder = StreamingDecoder(model.tokenizer)
    stops = StopTexts(request.stop)
    modelName = model.info.name
    contextLength = model.contextLength
    limit = Self.limit(request, contextLength: model.contextLength)
    constraint = submission.constraint
    reasoning = request.reasoningLimit.map { BoundedReasoning($0, model.tokenizer) }
    let ignoresEnd = request.ignoreEndOfGeneration && constraint == nil
    endIDs = request.stopTokens.union(ignoresEnd ? [] : model.tokenizer.endOfGenerationIDs)
  }

  /// Tokens that the answer to `request` may have.
  static func limit(_ request: GenerationRequest, contextLength: Int) -> Int {
    let room = request.shiftsContext ? Int.max : contextLength - request.prompt.count
    return min(max(0, request.maxTokens ?? room), room)
  }

  /// Who shares the engine with others; requests without an owner do so together.
  var shareOwner: String { request.owner ?? "" }
  var isCancelled: Bool { submission.flag.isSet }
  var wantsNothing: Bool { !readsWholePrompt && generatedCount >= limit }
  /// Whether it is there for its prompt's vector, and has no answer.
  var isPooled: Bool { submission.pooling != nil }
  /// Whether every token of the prompt has to be computed, though it may be known.
  var readsWholePrompt: Bool {
    isPooled || request.tellPromptLikelihoods != nil && generatedCount == 0
  }

  /// Tokens that are not in memory yet: 1 while it decodes, more while it reads a prompt.
  var pendingCount: Int { tokens.count - (memory?.count ?? 0) }
  var isDecoding: Bool { memory != nil && pendingCount == 1 && generatedCount > 0 }

  /// Begins to run, or runs again after it was set back.
  func start(_ memory: SequenceMemory) {
    self.memory = memory
    submission.pooling?.reset()
    if started == nil { started = .now }
    if cachedCount == nil { cachedCount = min(memory.count, request.prompt.count) }
  }

  /// Gives up its memory, and the guesses of a step that may not come.
  func leave() {
    guesses = []
    checkpoint = nil
    guesser.leave()
    memory?.wipe()
    memory = nil
  }

  /// Guesses what follows, or that nothing is known.
  func guess(atMost count: Int) {
    let most = sampler.looksBack ? 0 : count
    let room = min(most, limit - generatedCount - 1, contextLength - tokens.count - 1)
    guesses = guesser.guess(after: tokens, room: room)
    checkpoint = guesses.isEmpty ? nil : memory?.checkpoint()
  }

  /// The token at a place of the sequence or of the guesses after it.
  func token(at position: Int) -> TokenID {
    position < tokens.count
      ? tokens[position] : guesses[guesses.startIndex + position - tokens.count]
  }

  /// What is wanted of a row.
  func wanted(at position: Int) -> Row.Wanted {
    if let pooling = submission.pooling {
      return pooling.wants(position, of: tokens.count) ? .hiddenState : .nothing
    }
    return position >= tokens.count - 1 || readsWholePrompt ? .logits : .nothing
  }

  /// Takes the hidden state of the next row that wants it.
  func pool(_ state: [Float]) { submission.pooling?.add(state) }

  /// What `choose` gives where the next token is known.
  static let noToken: TokenID = -1

  /// Notes how likely the prompt's token behind `position` was.
  private func scorePrompt(_ logits: [Float], _ position: Int) {
    likelihoods.note(
      logProbabilities(
        logits, of: tokens[position + 1], count: request.sampling.logProbabilities ?? 0),
      at: position + 1)
  }

  /// Tells how likely the prompt's tokens were, once.
  private func tellPrompt() {
    guard let tell = request.tellPromptLikelihoods, generatedCount == 0 else { return }
    tell((1..<tokens.count).compactMap { likelihoods.take(at: $0) })
  }

  /// The next token by the logits of `position`, where all before it is as guessed. The logits are
  /// used up. Where there is none, `accept` tells why.
  func choose(_ logits: inout [Float], after position: Int) -> TokenID {
    if position < tokens.count - 1 {
      scorePrompt(logits, position)
      return Self.noToken
    }
    let place = position + 1 + shiftedCount
    guard logits.contains(where: \.isFinite) else {
      failures.note(EngineError.notFinite(model: modelName), at: place)
      return 0
    }
    request.observeLogits?(position + shiftedCount, logits)
    // Without guesses before it the sequence is passed on as it is, uncopied.
    let guessed = guesses.prefix(position + 1 - tokens.count)
    let recent = guessed.isEmpty ? tokens : tokens + guessed
    // The logits are masked in place, unless somebody is told what they were.
    let own = request.sampling.logProbabilities == nil ? nil : logits
    if let constraint {
      do {
        try constraint.restrict(
          &logits, after: guessed, room: limit - generatedCount - guessed.count)
      } catch {
        failures.note(error, at: place)
        return 0
      }
    }
    let id =
      wanted(after: guessed) ?? sampler.sample(&logits, recent: recent, position: place)
    if let own, let count = request.sampling.logProbabilities {
      likelihoods.note(logProbabilities(own, of: id, count: count), at: place)
    }
    return id
  }

  /// The token that has to follow the answer and guesses, where its thoughts are to end.
  private func wanted(after guessed: ArraySlice<TokenID>) -> TokenID? {
    guard var reasoning else { return nil }
    for id in guessed { reasoning.accept(id) }
    return reasoning.wanted
  }

  /// Takes what was chosen after the last token and after each guess, as far as the guesses were
  /// right. Gives their number, and how the answer ends, if it does.
  func accept(_ chosen: ArraySlice<TokenID>) -> (right: Int, ending: Ending?) {
    let guesses = guesses
    self.guesses = []
    checkpoint = nil
    defer { failures.removeAll() }
    tellPrompt()
    if generatedCount >= limit { return (0, Ending(.length)) }
    var right = 0
    for (index, id) in chosen.enumerated() {
      let shifts = shiftedCount
      // After a shift the other choices are no longer what would have been chosen.
      let isRight = index < guesses.count && guesses[guesses.startIndex + index] == id
      let ending = accept(id)
      if shiftedCount != shifts { return (right, ending) }
      if isRight, ending == nil { right += 1 }
      if ending != nil || !isRight {
        guesser.note(right: right, guessed: guesses.count)
        return (right, ending)
      }
    }
    return (right, nil)
  }

  /// Whether the answer has not begun.
  var isBeforeAnswer: Bool { generatedCount == 0 }

  /// Takes the next token and tells it. Gives how the answer ends, if it does.
  private func accept(_ id: TokenID) -> Ending? {
    generatedCount += 1
    if firstToken == nil { firstToken = .now }
    do {
      try failures.check(tokens.count + shiftedCount)
      try constraint?.accept(id)
    } catch {
      failure = error
      return Ending(.stop)
    }
    reasoning?.accept(id)
    if endIDs.contains(id) { return ending(.stop, .token(id)) }
    let (text, stop) = stops.append(decoder.append(id))
    let likelihood = likelihoods.take(at: tokens.count + shiftedCount)
    submission.continuation.yield(
      .token(GeneratedToken(id: id, text: text, likelihood: likelihood)))
    tokens.append(id)
    if let stop { return Ending(.stop, "", .text(stop)) }
    if let constraint, constraint.isOver || wantsNothing && constraint.isComplete {
      return ending(.stop)
    }
    if wantsNothing { return ending(.length) }
    if tokens.count == contextLength { shift() }
    return nil
  }

  /// Takes half of what follows the kept tokens out of a full context. The rest is computed again at
  /// its new places.
  private func shift() {
    // The last token is never taken out: what follows it is to be computed.
    let kept = min(max(0, request.keptTokenCount), contextLength / 2, tokens.count - 2)
    let count = max(1, (tokens.count - kept) / 2)
    tokens.removeSubrange(kept..<kept + count)
    shiftedCount += count
    guesser.beginAnew()
    memory?.truncate(to: min(kept, memory?.count ?? 0))
  }

  /// An end with the text that was held back, unless that completes a stop text, which came before
  /// whatever else ends the answer.
  private func ending(_ reason: FinishReason, _ cause: StopCause? = nil) -> Ending {
    let (text, stop) = stops.append(decoder.finish())
    if let stop { return Ending(.stop, text, .text(stop)) }
    return Ending(reason, text + stops.finish(), cause)
  }

  /// Tells the last event.
  func finish(_ ending: Ending) {
    if let failure { return fail(failure) }
    let now = ContinuousClock.now
    let started = started ?? now
    let summary = GenerationSummary(
      finishReason: ending.reason, stopCause: ending.cause, promptTokenCount: request.prompt.count,
      cachedPromptTokenCount: cachedCount ?? 0, generatedTokenCount: generatedCount,
      reasoningTokenCount: 0, promptDuration: (firstToken ?? now) - started,
      decodeDuration: now - (firstToken ?? now), queueDuration: started - submission.submitted,
      text: ending.text)
    submission.continuation.yield(.finished(summary))
    submission.continuation.finish()
  }

  /// Ends it with an error.
  func fail(_ error: any Error) { submission.continuation.finish(throwing: error) }
}
