// The engine: takes requests, computes them on its own thread, and tells what comes out.

import Tokenizer

/// How an engine works.
public struct EngineOptions: Sendable {
  /// Requests that may wait; one more is refused.
  public var queueLimit = 64

  public init() {}
}

/// Generates answers with a model. One thread of its own computes request after request, so that
/// nothing blocks Swift's cooperative pool.
public final class Engine: Sendable {
  public let model: Model
  private let options: EngineOptions
  private let queue: WorkQueue

  /// - Throws: `AllocationError` when there is no memory for the context.
  public init(_ model: Model, options: EngineOptions = EngineOptions()) throws {
    self.model = model
    self.options = options
    let runner = try GenerationRunner(model)
    queue = WorkQueue { work in runner.run(work) }
  }

  deinit { queue.stop() }

  /// Queues a request. Its events come as it is computed.
  public func generate(_ request: GenerationRequest) throws(EngineError) -> Generation {
    let vocabularyCount = model.info.vocabularyCount
    guard !request.prompt.isEmpty else { throw .emptyPrompt }
    guard request.prompt.count < model.contextLength else {
      throw .promptTooLong(tokens: request.prompt.count, contextLength: model.contextLength)
    }
    for id in request.prompt where id < 0 || Int(id) >= vocabularyCount {
      throw .tokenOutOfRange(id, vocabularyCount: vocabularyCount)
    }
    let flag = CancellationFlag()
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    continuation.onTermination = { _ in flag.set() }
    let work = GenerationWork(
      request: request, continuation: continuation, flag: flag, submitted: ContinuousClock.now)
    switch queue.add(work, limit: options.queueLimit) {
    case .added: return Generation(stream: stream, flag: flag, engine: self)
    case .full: throw .overloaded(queueLimit: options.queueLimit)
    case .stopped: throw .stopped
    }
  }

  /// Requests that wait or run.
  public var pendingCount: Int { queue.pendingCount }

  /// Cancels what runs and waits, and returns when the thread has ended. Blocks.
  public func shutdown() { queue.stopAndWait() }
}
