// One answer in the making: admitted, begun, delivered, and settled with the engine's counters on
// every way out. Every endpoint that generates text goes through here.

import HTTPTypes
import Metering
import Synchronization
import Transformer

/// The client went away before its answer was complete. Nobody is left to be told.
struct ClientGone: Error {}

/// A request that was admitted and whose tokens are being generated, for one choice or several.
final class Answer: Sendable {
  private enum Interruption {
    case clientGone
    case keyRevoked
    /// The last token that is paid for was generated.
    case budgetSpent
  }

  private struct Progress {
    /// Of all choices.
    var tokens = 0
    var firstToken: Duration?
    var interruption: Interruption?
  }

  private let exchange: Exchange
  private let streams: [any TokenStream]
  private let reading: OutputReading
  private let engine: any TextEngine
  private let lease: LeaseHolder?
  /// Of all prompts.
  private let promptTokens: Int
  /// Choices of each prompt, which stand together.
  let choicesPerPrompt: Int
  private let watch: DisconnectWatch
  private let progress = Mutex(Progress())

  /// How many choices the answer has.
  var choiceCount: Int { streams.count }

  /// An answer whose streams were started, see `begin`.
  init(
    exchange: Exchange, streams: [any TokenStream], reading: OutputReading,
    engine: any TextEngine, lease: LeaseHolder?, promptTokens: Int, choicesPerPrompt: Int,
    watch: DisconnectWatch
  ) {
    self.exchange = exchange
    self.streams = streams
    self.reading = reading
    self.engine = engine
    self.lease = lease
    self.promptTokens = promptTokens
    self.choicesPerPrompt = choicesPerPrompt
    self.watch = watch
  }

  /// Writes the opening record, so that it outlives this process.
  ///
  /// - Throws: `MeterError` where it cannot be written; the answer is over then.
  func open() throws {
    do { try lease?.open() } catch {
      cancel()
      throw error
    }
  }

  /// Writes the opening record, and has it brought to the disk while the engine reads the prompt. Only
  /// then tokens may leave before the end: `run` waits for it.
  ///
  /// It is begun at once: a moment later every core computes, and waking this thread's timer and another
  /// thread there took 0.05 ms more of a first token.
  ///
  /// - Throws: `MeterError` where it cannot be written; the answer is over then.
  func openSoon() throws {
    do { try lease?.forceOpening() } catch {
      cancel()
      throw error
    }
  }

  /// Delivers the pieces as they come and settles the request. When this returns the record of
  /// usage is durable, so the client may be told the end.
  ///
  /// - Parameters:
  ///   - isStreamed: whether pieces leave as they are delivered. Then none is before the opening record
  ///     is on the disk.
  ///   - deliver: takes pieces of a choice, in order; called from any task.
  /// - Throws: `ClientGone`, `MeterError` where the key was revoked or the record cannot be
  ///   written, `APIError.stopping` where the engine stops, or the engine's error.
  func run(
    isStreamed: Bool, _ deliver: @escaping @Sendable (Int, [AnswerPiece]) -> Void
  ) async throws -> AnswerEnd {
    let work = exchange.endingWithKey { [weak self] in self?.keyWent() }
    defer {
      watch.onGone(nil)
      withExtendedLifetime(work) {}
    }
    let ends: [ChoiceEnd]
    do {
      ends = try await followAll(isStreamed: isStreamed, deliver)
    } catch {
      cancel()
      let refusal = APIError(known: error) ?? .internalError
      _ = try? await settle(
        usage([]), refusal.recorded, exchange.statusSeen(refusal.status))
      throw error
    }
    let usage = usage(ends)
    switch progress.withLock({ $0.interruption }) {
    case .keyRevoked:
      _ = try? await settle(usage, .cancelled, exchange.statusSeen(.unauthorized))
      throw MeterError.invalidAPIKey
    case .clientGone:
      _ = try? await settle(usage, .cancelled, exchange.statusIfClientGoes)
      throw ClientGone()
    case .budgetSpent:
      let charge = try await settle(usage, .stoppedByBudget, 200)
      return AnswerEnd(charge, ends, isBudgetSpent: true)
    case nil:
      guard ends.allSatisfy({ $0.summary.map { $0.finishReason != .cancelled } ?? false }) else {
        _ = try? await settle(usage, .failed, exchange.statusSeen(APIError.stopping.status))
        throw APIError.stopping
      }
      let charge = try await settle(usage, .completed, 200)
      return AnswerEnd(charge, ends, isBudgetSpent: false)
    }
  }

  /// The client cannot be reached any more: stops the engine.
  func clientWent() {
    progress.withLock { $0.interruption = $0.interruption ?? .clientGone }
    cancel()
  }

  /// The key was revoked, or its account stopped, while no token asked for it.
  private func keyWent() {
    progress.withLock { $0.interruption = $0.interruption ?? .keyRevoked }
    cancel()
  }

  private func cancel() {
    for stream in streams { stream.cancel() }
  }

  private func followAll(
    isStreamed: Bool, _ deliver: @escaping @Sendable (Int, [AnswerPiece]) -> Void
  ) async throws -> [ChoiceEnd] {
    if streams.count == 1 { return [try await follow(0, isStreamed: isStreamed, deliver)] }
    return try await withThrowingTaskGroup(of: (Int, ChoiceEnd).self) { tasks in
      for choice in streams.indices {
        tasks.addTask {
          (choice, try await self.follow(choice, isStreamed: isStreamed, deliver))
        }
      }
      var ends = Array(repeating: ChoiceEnd(), count: streams.count)
      for try await (choice, end) in tasks { ends[choice] = end }
      return ends
    }
  }

  private func follow(
    _ choice: Int, isStreamed: Bool, _ deliver: @Sendable (Int, [AnswerPiece]) -> Void
  ) async throws -> ChoiceEnd {
    let metrics = exchange.backend.metrics
    var parser = OutputParser(reading)
    var end = ChoiceEnd()
    var last: ContinuousClock.Instant?
    var hasDelivered = false
    var mustWait = isStreamed
    for try await event in streams[choice] {
      switch event {
      case .token(let token):
        if mustWait { try await lease?.opened() }
        mustWait = false
        guard note() else { continue }
        let now = ContinuousClock.now
        if let last { metrics.nextToken(after: now - last) }
        last = now
        if let likelihood = token.likelihood { end.note(likelihood) }
        let wasReasoning = parser.isReasoning
        let pieces = parser.append(token, score(of: token))
        if wasReasoning || parser.isReasoning { end.reasoningTokens += 1 }
        if !pieces.isEmpty {
          deliver(choice, pieces)
          // The first words leave before others are made.
          if !hasDelivered { await Task.yield() }
          hasDelivered = true
        }
      case .finished(let summary):
        end.summary = summary
      }
    }
    // What the engine held back belongs to the answer unless somebody cut it short.
    let isWhole = progress.withLock { $0.interruption == nil }
    let rest = parser.finish(isWhole ? end.summary?.text ?? "" : "")
    if !rest.isEmpty { deliver(choice, rest) }
    end.hasCalls = parser.hasCalls && !parser.hasOpenCall
    return end
  }

  /// How likely a token was, where it is asked for and the token is part of any text.
  private func score(of token: GeneratedToken) -> ScoredToken? {
    guard let likelihood = token.likelihood else { return nil }
    if token.text.isEmpty, reading.markers[token.id] == nil, engine.isHidden(token.id) {
      return nil
    }
    return ScoredToken(likelihood, bytes: engine.bytes(of:))
  }

  /// Counts a token. False where it is past the end, and only drained.
  private func note() -> Bool {
    let (counts, stops) = progress.withLock { progress -> (Bool, Bool) in
      guard progress.interruption == nil else { return (false, false) }
      progress.tokens += 1
      if progress.tokens == 1 {
        let age = exchange.age
        progress.firstToken = age
        exchange.backend.metrics.firstToken(after: age)
      }
      switch lease?.advance(completionTokens: Int64(progress.tokens)) ?? .proceed {
      case .proceed: return (true, false)
      case .budgetSpent:
        progress.interruption = .budgetSpent
        return (true, true)
      case .keyRevoked:
        progress.interruption = .keyRevoked
        return (false, true)
      }
    }
    if stops { cancel() }
    return counts
  }

  private func settle(
    _ usage: TokenUsage, _ status: RequestStatus, _ httpStatus: Int
  ) async throws(MeterError) -> Charge {
    let ended = lease?.take()?.end(
      Settlement(
        usage: usage, status: status, httpStatus: Int64(httpStatus), latency: exchange.age,
        timeToFirstToken: progress.withLock { $0.firstToken }))
    let charge = ended?.charge ?? Charge(usage: usage, cost: .zero)
    exchange.withNotes { $0.usage = charge.usage }
    exchange.backend.metrics.used(charge.usage)
    try await ended?.reachDisk()
    return charge
  }

  /// The engine's own counts, or what was seen where it gave none. Behind the last token that the
  /// budget pays for nothing is counted, though the engine may have been one step ahead.
  private func usage(_ ends: [ChoiceEnd]) -> TokenUsage {
    let (tokens, interruption) = progress.withLock { ($0.tokens, $0.interruption) }
    let summaries = ends.compactMap(\.summary)
    let counts = summaries.count == streams.count && interruption != .budgetSpent
    let generated = summaries.reduce(0) { $0 + $1.generatedTokenCount }
    // Of each prompt the first choice tells what was found in a cache: the others found more.
    let cached = stride(from: 0, to: ends.count, by: choicesPerPrompt).reduce(0) {
      $0 + (ends[$1].summary?.cachedPromptTokenCount ?? 0)
    }
    return TokenUsage(
      promptTokens: Int64(promptTokens), cachedPromptTokens: Int64(cached),
      completionTokens: Int64(counts ? generated : tokens),
      reasoningTokens: Int64(ends.reduce(0) { $0 + $1.reasoningTokens }))
  }
}
