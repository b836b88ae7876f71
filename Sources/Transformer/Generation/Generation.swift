// An answer on its way: an asynchronous sequence of events.

/// The events of one request. Iterate it once.
///
/// The answer is cancelled by `cancel`, by cancelling the task that iterates, and by letting go of
/// the iteration; the engine notices within one step.
public struct Generation: AsyncSequence, Sendable {
  public typealias Element = GenerationEvent

  let stream: AsyncThrowingStream<GenerationEvent, any Error>
  let flag: CancellationFlag
  /// Keeps the engine at work while somebody waits for its answer.
  let engine: Engine

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: stream.makeAsyncIterator(), engine: engine)
  }

  /// Gives one event after another.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: AsyncThrowingStream<GenerationEvent, any Error>.AsyncIterator
    /// Nobody else may hold it while the events are read.
    let engine: Engine

    public mutating func next() async throws -> GenerationEvent? { try await base.next() }
  }

  /// Ends the answer; the last event says `cancelled`.
  public func cancel() { flag.set() }
}
