// One answer in the making: admitted, begun, delivered, and settled with the engine's counters on
// every way out. Every endpoint that generates text goes through here.

import Metering
import Synchronization
import Transformer

/// How an answer came to its natural end.
struct AnswerEnd: Sendable {
  /// What the request was settled with, and what the client is told.
  let usage: TokenUsage
  let finishReason: FinishReason
}

/// The client went away before its answer was complete. Nobody is left to be told.
struct ClientGone: Error {}

/// A request that was admitted and whose tokens are being generated.
final class Answer: Sendable {
  private enum Interruption {
    case clientGone
    case keyRevoked
  }

  private let exchange: Exchange
  private let stream: any TokenStream
  private let lease: LeaseHolder?
  private let promptTokens: Int
  private let watch: DisconnectWatch
  private let isClientGone: Atomic<Bool> = Atomic(false)

  /// Admits a request and starts it.
  ///
  /// When this returns the opening record is durable, so tokens may leave.
  ///
  /// - Throws: `MeterError` where a limit refuses, `EngineError` where the engine does.
  static func begin(
    _ request: GenerationRequest, kind: RequestKind, model: BackendModel, exchange: Exchange
  ) async throws -> Answer {
    let contextLength = model.engine.contextLength
    guard request.prompt.count < contextLength else {
      throw EngineError.promptTooLong(tokens: request.prompt.count, contextLength: contextLength)
    }
    let watch = try await exchange.disconnectWatch()
    var holder: LeaseHolder?
    if let meter = exchange.backend.meter {
      let lease = try meter.admit(
        exchange.principal,
        AdmissionRequest(
          model: model.recordID, kind: kind, promptTokens: Int64(request.prompt.count),
          maxCompletionTokens: request.maxTokens.map(Int64.init),
          contextLeft: Int64(contextLength - request.prompt.count)))
      let (id, rate) = (lease.requestID, lease.rate)
      exchange.withNotes { notes in
        notes.requestID = id
        notes.rate = rate
      }
      holder = LeaseHolder(lease)
    }
    let stream: any TokenStream
    do {
      stream = try model.engine.start(request)
    } catch {
      let refusal = exchange.refusal(for: error)
      try await holder?.take()?.settle(
        Settlement(
          usage: TokenUsage(), status: .rejected, httpStatus: Int64(refusal.status.code),
          latency: exchange.age))
      throw refusal
    }
    let answer = Answer(
      exchange: exchange, stream: stream, lease: holder, promptTokens: request.prompt.count,
      watch: watch)
    watch.onGone { [weak answer] in answer?.clientWent() }
    do {
      try await holder?.opened()
    } catch {
      stream.cancel()
      throw error
    }
    return answer
  }

  private init(
    exchange: Exchange, stream: any TokenStream, lease: LeaseHolder?, promptTokens: Int,
    watch: DisconnectWatch
  ) {
    self.exchange = exchange
    self.stream = stream
    self.lease = lease
    self.promptTokens = promptTokens
    self.watch = watch
  }

  /// Delivers the text as it comes and settles the request. When this returns the record of usage
  /// is durable, so the client may be told the end.
  ///
  /// - Parameters:
  ///   - status: the HTTP status that the client has seen when it leaves early.
  ///   - deliver: sends a piece of text on; it throws where the client cannot be reached.
  /// - Throws: `ClientGone`, `MeterError` where the key was revoked or the record cannot be
  ///   written, `APIError.stopping` where the engine stops, or the engine's error.
  func run(
    statusIfClientGoes status: Int, _ deliver: (String) async throws -> Void
  ) async throws -> AnswerEnd {
    defer { watch.onGone(nil) }
    var interruption: Interruption?
    var summary: GenerationSummary?
    var tokens = 0
    var firstToken: Duration?
    do {
      for try await event in stream {
        switch event {
        case .token(let token):
          tokens += 1
          if tokens == 1 { firstToken = exchange.age }
          guard interruption == nil else { continue }
          if lease?.advance(completionTokens: Int64(tokens)) == .keyRevoked {
            interruption = .keyRevoked
          } else if !token.text.isEmpty, !(await reaches(deliver, token.text)) {
            interruption = .clientGone
          }
          if interruption != nil { stream.cancel() }
        case .finished(let end):
          summary = end
        }
      }
    } catch {
      try? await settle(usage(summary, tokens), .failed, 500, firstToken)
      throw error
    }
    let usage = usage(summary, tokens)
    guard interruption == nil, let summary, summary.finishReason != .cancelled else {
      throw await interrupted(interruption, usage, firstToken, status: status)
    }
    if !summary.text.isEmpty, !(await reaches(deliver, summary.text)) {
      throw await interrupted(.clientGone, usage, firstToken, status: status)
    }
    try await settle(usage, .completed, 200, firstToken)
    return AnswerEnd(usage: usage, finishReason: summary.finishReason)
  }

  private func clientWent() {
    isClientGone.store(true, ordering: .releasing)
    stream.cancel()
  }

  private func reaches(
    _ deliver: (String) async throws -> Void, _ text: String
  ) async -> Bool {
    do {
      try await deliver(text)
      return true
    } catch {
      return false
    }
  }

  /// Settles an answer that was cut short, and gives the error that says why. A record that cannot
  /// be written changes nothing any more: the client is told of no good end anyway.
  private func interrupted(
    _ interruption: Interruption?, _ usage: TokenUsage, _ firstToken: Duration?, status: Int
  ) async -> any Error {
    if interruption == .keyRevoked {
      try? await settle(usage, .cancelled, 401, firstToken)
      return MeterError.invalidAPIKey
    }
    if interruption == .clientGone || isClientGone.load(ordering: .acquiring) {
      try? await settle(usage, .cancelled, status, firstToken)
      return ClientGone()
    }
    try? await settle(usage, .failed, 503, firstToken)
    return APIError.stopping
  }

  private func settle(
    _ usage: TokenUsage, _ status: RequestStatus, _ httpStatus: Int, _ firstToken: Duration?
  ) async throws(MeterError) {
    exchange.withNotes { $0.usage = usage }
    try await lease?.take()?.settle(
      Settlement(
        usage: usage, status: status, httpStatus: Int64(httpStatus), latency: exchange.age,
        timeToFirstToken: firstToken))
  }

  /// The engine's own counts, or what was seen of them where it gave none.
  private func usage(_ summary: GenerationSummary?, _ tokens: Int) -> TokenUsage {
    guard let summary else {
      return TokenUsage(promptTokens: Int64(promptTokens), completionTokens: Int64(tokens))
    }
    return TokenUsage(
      promptTokens: Int64(summary.promptTokenCount),
      cachedPromptTokens: Int64(summary.cachedPromptTokenCount),
      completionTokens: Int64(summary.generatedTokenCount),
      reasoningTokens: Int64(summary.reasoningTokenCount))
  }
}
