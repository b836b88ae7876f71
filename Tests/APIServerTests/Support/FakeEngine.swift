// An engine that answers at once with words of the test's own choice, so that everything around an
// engine can be tested without one.

import APIServer
import Constraints
import JSON
import Metering
import Synchronization
import Tokenizer
import Transformer

/// Answers every prompt with the same pieces of text, one token each.
final class FakeEngine: TextEngine {
  /// What happens instead of, or before, an answer.
  enum Behaviour: Sendable {
    case answer
    /// The stream stops after the first token until somebody cancels it.
    case hangAfterFirst
    /// The stream stops after the first token until `resume()` is called, or somebody cancels it.
    /// Then it lets everybody else go on before each token.
    case pauseAfterFirst
    /// The engine refuses: its queue is full.
    case refuse
    /// The engine fails in the middle of the answer.
    case fail
    /// The engine refuses in the middle of the answer.
    case breaks(EngineError)
    /// The engine lets everybody else go on before each token.
    case giveWay
    /// The engine is shut down in the middle of the answer.
    case stop
    /// There is no chat template.
    case base
  }

  struct Broken: Error {}

  let contextLength: Int
  let facts = ModelFacts(
    description: "fake 1M F32", architecture: "fake", parameterCount: 1_000_000,
    trainedContextLength: 2048, vocabularyCount: 64, embeddingLength: 4,
    recommendedSampling: ["temperature": 0.7, "top_k": 20])
  private let pieces: [String]
  private let behaviour: Behaviour
  private let beforeToken: @Sendable (Int) -> Void
  private let seen = Mutex<GenerationRequest?>(nil)
  private let owners = Mutex<Set<String>>([])
  private let cancelled: AsyncStream<Void>.Continuation
  private let hanging: AsyncStream<Void>.Continuation
  /// An element for every answer that hangs.
  let hangs: AsyncStream<Void>
  /// An element for every answer that was cancelled.
  let cancellations: AsyncStream<Void>
  /// An owner for each time that one was to be forgotten.
  let forgotten: AsyncStream<String>
  private let forgetting: AsyncStream<String>.Continuation
  private let gate = Gate()
  private let starts = Mutex(0)
  private let template = Mutex<JSONObject>([:])
  private let conversation = Mutex<[ChatMessage]>([])
  private let turns: ChatTemplate?
  private let beforeCompiling: @Sendable () -> Void
  private let beforeBytes: @Sendable () -> Void

  /// - Parameters:
  ///   - turns: The template that writes the text of conversations; nil for roles in angle brackets, and
  ///     nothing at the end of a turn.
  ///   - beforeCompiling: Called before a constraint is compiled, on a thread that may be held up.
  ///   - beforeBytes: Called before the bytes of a token are looked up.
  init(
    _ pieces: [String] = ["Swifts", " sleep", " in", " flight", "."],
    _ behaviour: Behaviour = .answer, contextLength: Int = 512,
    template: String = "{{ messages }}", toolTemplate: String? = nil, turns: ChatTemplate? = nil,
    beforeToken: @escaping @Sendable (Int) -> Void = { _ in },
    beforeCompiling: @escaping @Sendable () -> Void = {},
    beforeBytes: @escaping @Sendable () -> Void = {}
  ) {
    self.beforeBytes = beforeBytes
    self.beforeCompiling = beforeCompiling
    self.beforeToken = beforeToken
    self.pieces = pieces
    self.behaviour = behaviour
    toolTemplateSource = toolTemplate
    self.turns = turns
    chatTemplateSource = if case .base = behaviour { nil } else { template }
    self.contextLength = contextLength
    (cancellations, cancelled) = AsyncStream.makeStream()
    (hangs, hanging) = AsyncStream.makeStream()
    (forgotten, forgetting) = AsyncStream.makeStream()
  }

  let chatTemplateSource: String?
  let toolTemplateSource: String?
  let pendingCount = 0
  let statistics = EngineStatistics()

  /// How many answers were begun.
  var startCount: Int { starts.withLock { $0 } }

  /// Lets the answers go on that pause, and those that will.
  func resume() { gate.open() }

  /// The last request that reached the engine.
  var lastRequest: GenerationRequest? { seen.withLock { $0 } }

  /// The variables that the last conversation gave to the template.
  var lastVariables: JSONObject { template.withLock { $0 } }

  /// The messages of the last conversation that was written as tokens.
  var lastMessages: [ChatMessage] { conversation.withLock { $0 } }

  /// On whose behalf constraints were compiled.
  var constraintOwners: Set<String> { owners.withLock { $0 } }

  /// One token for each word of the conversation.
  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    template.withLock { $0 = variables }
    if turns != nil {
      _ = try promptText(
        messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
    }
    conversation.withLock { $0 = messages }
    return encode(
      messages.map(\.content).joined(separator: " "), parsingSpecial: true, addingSpecial: false)
  }

  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String {
    if let turns {
      let all = messages.map { message in
        var object: JSONObject = [
          "role": .string(message.role), "content": .string(message.content),
        ]
        for (key, value) in message.extra { object[key] = value }
        return JSONValue.object(object)
      }
      return try turns.render([
        "messages": .array(all), "add_generation_prompt": .bool(addGenerationPrompt),
        "bos_token": "", "eos_token": "",
      ])
    }
    return messages.map { "<\($0.role)>\($0.content)" }.joined()
      + (addGenerationPrompt ? "<assistant>" : "")
  }

  /// A token for each word: the number of its letters, or 0 for a special one at the beginning.
  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    (addingSpecial ? [0] : [])
      + text.split(whereSeparator: \.isWhitespace).map { TokenID($0.count) }
  }

  /// As many letters as each token says.
  func decode(_ tokens: [TokenID]) -> String {
    tokens.filter { $0 > 0 }.map { String(repeating: "x", count: Int($0)) }.joined(separator: " ")
  }

  /// Token 255 stands for a byte that is no text, those of answers for their pieces.
  func bytes(of token: TokenID) -> [UInt8] {
    beforeBytes()
    if let piece = FakeStream.piece(of: token), piece < pieces.count {
      return Array(pieces[piece].utf8)
    }
    return token == 255 ? [0xFF] : Array(decode([token]).utf8)
  }

  func forget(owner: String) { forgetting.yield(owner) }

  func constraint(
    _ source: ConstraintSource, owner: String
  ) throws(ConstraintError) -> Constraint {
    owners.withLock { _ = $0.insert(owner) }
    beforeCompiling()
    return try source.compiled()
  }

  func isHidden(_ token: TokenID) -> Bool { token == 0 }

  /// The number of tokens, the first, the last, and zero. What hangs are texts of two tokens at most.
  func embed(_ tokens: [TokenID], pooling: Pooling, owner: String) async throws -> [Float] {
    if case .refuse = behaviour { throw EngineError.overloaded(queueLimit: 1) }
    if case .fail = behaviour { throw Broken() }
    if case .hangAfterFirst = behaviour, tokens.count <= 2 {
      hanging.yield()
      let (never, continuation) = AsyncStream<Void>.makeStream()
      for await _ in never {}
      continuation.finish()
      cancelled.yield()
      throw CancellationError()
    }
    return [Float(tokens.count), Float(tokens[0]), Float(tokens[tokens.count - 1]), 0]
  }

  func start(_ request: GenerationRequest) throws -> any TokenStream {
    seen.withLock { $0 = request }
    starts.withLock { $0 += 1 }
    if case .refuse = behaviour { throw EngineError.overloaded(queueLimit: 1) }
    if request.prompt.isEmpty { throw EngineError.emptyPrompt }
    let (rest, tell) = (request.prompt.dropFirst(), request.tellPromptLikelihoods)
    let limit = min(request.maxTokens ?? .max, contextLength - request.prompt.count)
    let count = min(pieces.count, limit)
    return FakeStream(
      pieces: Array(pieces.prefix(count)), likeliestCount: request.sampling.logProbabilities,
      reason: count < pieces.count ? .length : .stop, stopText: request.stop.first,
      prompt: request.prompt.count, behaviour: behaviour, gate: gate,
      onRead: {
        tell?(
          rest.map {
            TokenLikelihood(
              chosen: TokenLogProbability(id: $0, logProbability: -0.5), likeliest: [])
          })
      }, beforeToken: beforeToken,
      onHang: { [hanging] in hanging.yield() }, onCancel: { [cancelled] in cancelled.yield() })
  }
}
