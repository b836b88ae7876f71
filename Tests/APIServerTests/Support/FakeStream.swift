// The answer of a `FakeEngine`: an asynchronous sequence without any engine behind it.

import APIServer
import Synchronization
import Tokenizer
import Transformer

/// The events of a `FakeEngine`, each made when it is asked for.
final class FakeStream: TokenStream {
  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let stream: FakeStream
    fileprivate var next = 0
    fileprivate var isFinished = false

    mutating func next() async throws -> GenerationEvent? {
      try await stream.event(&self)
    }
  }

  private let pieces: [String]
  /// Alternatives that are told with each token; nil for no likelihoods.
  private let likeliestCount: Int?
  private let reason: FinishReason
  /// The stop text by which an answer that is whole is told to have ended.
  private let stopText: String?
  private let prompt: Int
  private let behaviour: FakeEngine.Behaviour
  private let gate: Gate
  /// Called when the prompt counts as read.
  private let onRead: @Sendable () -> Void
  private let beforeToken: @Sendable (Int) -> Void
  private let onHang: @Sendable () -> Void
  private let onCancel: @Sendable () -> Void
  private let isCancelled = Atomic(false)
  private let cancelling = AsyncStream<Void>.makeStream()

  init(
    pieces: [String], likeliestCount: Int? = nil, reason: FinishReason,
    stopText: String? = nil, prompt: Int, behaviour: FakeEngine.Behaviour, gate: Gate,
    onRead: @escaping @Sendable () -> Void = {},
    beforeToken: @escaping @Sendable (Int) -> Void, onHang: @escaping @Sendable () -> Void,
    onCancel: @escaping @Sendable () -> Void
  ) {
    self.pieces = pieces
    self.likeliestCount = likeliestCount
    self.reason = reason
    self.stopText = stopText
    self.prompt = prompt
    self.behaviour = behaviour
    self.gate = gate
    self.onRead = onRead
    self.beforeToken = beforeToken
    self.onHang = onHang
    self.onCancel = onCancel
  }

  func cancel() {
    isCancelled.store(true, ordering: .releasing)
    cancelling.continuation.finish()
    gate.pass(ObjectIdentifier(self))
    onCancel()
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }

  private func event(_ iterator: inout AsyncIterator) async throws -> GenerationEvent? {
    if iterator.isFinished { return nil }
    let index = iterator.next
    if index == 0 { onRead() }
    if index == 1 {
      switch behaviour {
      case .hangAfterFirst:
        onHang()
        for await _ in cancelling.stream {}
      case .pauseAfterFirst:
        onHang()
        await gate.wait(ObjectIdentifier(self))
      case .fail: throw FakeEngine.Broken()
      case .breaks(let error): throw error
      case .stop: return finish(&iterator, .cancelled)
      case .answer, .refuse, .base, .giveWay: break
      }
    }
    switch behaviour {
    case .giveWay, .pauseAfterFirst: await Task.yield()
    default: break
    }
    if isCancelled.load(ordering: .acquiring) { return finish(&iterator, .cancelled) }
    guard index < pieces.count else { return finish(&iterator, reason) }
    beforeToken(index)
    iterator.next += 1
    let id = Self.firstID + TokenID(index)
    let likelihood = likeliestCount.map { count in
      TokenLikelihood(
        chosen: TokenLogProbability(id: id, logProbability: Self.score(0)),
        likeliest: (0..<count).map {
          TokenLogProbability(id: id + TokenID($0), logProbability: Self.score($0))
        })
    }
    return .token(GeneratedToken(id: id, text: pieces[index], likelihood: likelihood))
  }

  /// What the token at a rank is told to be likely.
  static func score(_ rank: Int) -> Float { rank == 0 ? -0.25 : -Float(rank) }

  /// The number of the first token; smaller ones are words of prompts.
  private static let firstID: TokenID = 1000

  /// Which piece of an answer a token stands for.
  static func piece(of token: TokenID) -> Int? {
    token >= firstID ? Int(token - firstID) : nil
  }

  private func finish(_ iterator: inout AsyncIterator, _ reason: FinishReason) -> GenerationEvent {
    iterator.isFinished = true
    return .finished(
      GenerationSummary(
        finishReason: reason, stopCause: reason == .stop ? stopText.map { .text($0) } : nil,
        promptTokenCount: prompt, cachedPromptTokenCount: 0,
        generatedTokenCount: iterator.next, reasoningTokenCount: 0, promptDuration: .zero,
        decodeDuration: .zero, queueDuration: .zero, text: ""))
  }
}
