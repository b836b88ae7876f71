// The engine: takes requests, computes them on its own thread, and tells what comes out.

package import Constraints
import Tokenizer

/// Generates answers with a model, many side by side. A thread of its own computes them, so that
/// nothing blocks Swift's cooperative pool. An answer has the same bits whatever runs beside it.
public final class Engine: Sendable {
  public let model: Model
  private let options: EngineOptions
  /// Compiled constraints, which are forgotten when prompts are.
  package let constraints = ConstraintCache()
  private let mailbox = Mailbox()

  /// - Throws: `AllocationError` when there is no memory for the context, `ThreadError` when the
  ///   system refuses a thread, or `ModelError` when the draft model has other tokens or an option
  ///   is out of its range.
  public init(_ model: Model, options: EngineOptions = EngineOptions()) throws {
    try options.check()
    if let draft = options.draft { try DraftModel.check(draft, for: model) }
    self.model = model
    self.options = options
    let loop = try EngineLoop(
      model, options: options, mailbox: mailbox, constraints: constraints)
    try startEngineThread { loop.run() }
  }

  deinit { mailbox.stop() }

  /// Queues a request. Its events come as it is computed.
  public func generate(_ request: GenerationRequest) throws(EngineError) -> Generation {
    try submit(request, pooling: nil)
  }

  /// Queues a request for an answer, or for the vector of its prompt.
  func submit(
    _ request: GenerationRequest, pooling: PooledStates?
  ) throws(EngineError) -> Generation {
    guard pooling != nil || !model.info.isEncoder else {
      throw .writesNothing(model: model.info.name)
    }
    // Behind a text that is embedded nothing is written.
    try check(request.prompt, atMost: model.contextLength - (pooling == nil ? 1 : 0))
    let constraint = try constrained(request)
    let flag = CancellationFlag()
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    continuation.onTermination = { _ in flag.set() }
    let submission = Submission(
      request: request, continuation: continuation, flag: flag, submitted: ContinuousClock.now,
      constraint: constraint, pooling: pooling)
    switch mailbox.add(submission, limit: options.queueLimit) {
    case .added: return Generation(stream: stream, flag: flag, engine: self)
    case .full: throw .overloaded(queueLimit: options.queueLimit)
    case .stopped: throw .stopped
    }
  }

  /// Refuses tokens that cannot be computed, or more than `limit`.
  private func check(_ tokens: [TokenID], atMost limit: Int) throws(EngineError) {
    let vocabularyCount = model.info.vocabularyCount
    guard !tokens.isEmpty else { throw .emptyPrompt }
    guard tokens.count <= limit else {
      throw .promptTooLong(tokens: tokens.count, contextLength: model.contextLength)
    }
    for id in tokens where id < 0 || Int(id) >= vocabularyCount {
      throw .tokenOutOfRange(id, vocabularyCount: vocabularyCount)
    }
  }

  /// The request's constraint before the first token, once it is certain that an answer fits.
  private func constrained(
    _ request: GenerationRequest
  ) throws(EngineError) -> ConstrainedAnswer? {
    guard let constraint = request.constraint else { return nil }
    let runtime = ConstraintRuntime.shared(
      constraint, model.tokenTrees.tree(of: model.tokenizer, showing: request.constraintMarkers))
    let allowed = EngineSequence.limit(request, contextLength: model.contextLength)
    let needed: Int
    do {
      needed = try runtime.fewestTokens(from: runtime.start)
    } catch {
      throw .constraint(error)
    }
    guard needed < .max else {
      throw .constraint(
        ConstraintError(.unsupported, "the vocabulary cannot spell an answer under the constraint"))
    }
    guard needed <= allowed else { throw .answerTooShort(needed: needed, allowed: allowed) }
    return ConstrainedAnswer(runtime)
  }

  /// What it is doing, as of its last step.
  public var statistics: EngineStatistics { mailbox.statistics }

  /// Requests that wait or run.
  public var pendingCount: Int {
    let statistics = statistics
    return statistics.waitingCount + statistics.runningCount
  }

  /// Wipes what is remembered of an owner's prompts and answers, before the next step, and the constraints
  /// that were compiled for it, at once. Answers that run go on, and are not remembered when they end.
  public func forget(owner: String) {
    constraints.forget(owner: owner)
    mailbox.forget(owner)
  }

  /// Cancels what runs and waits, and returns when the thread has ended. Blocks.
  public func shutdown() {
    mailbox.stop()
    mailbox.waitForEnd()
  }
}
