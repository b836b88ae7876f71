// A conversation with a model: it remembers what was said, and what was computed for it.

import Constraints
import FoundationEssentials
import Synchronization

/// A conversation. One answer is made at a time; any number of conversations share an engine.
///
/// ```swift
/// let conversation = Conversation(engine, instructions: "You are brief.")
/// print(try await conversation.respond(to: "Name three birds.").content)
/// ```
///
/// What the engine computed for earlier turns is kept for this conversation alone, and wiped when it
/// goes. A turn that fails or is cancelled leaves the transcript as it was.
public final class Conversation: Sendable {
  public let engine: Engine
  let tools: [Tool]
  /// Under this name the engine remembers what it computed.
  let owner = "conversation \(UUID())"
  private let state: Mutex<State>

  private struct State {
    var transcript: Transcript
    var isResponding = false
    /// Counts turns. One that is not the current one has been cancelled.
    var turn = 0
    /// Cancels what is going on for the turn.
    var stop: (@Sendable () -> Void)?
    /// The tokens of the last turn, so that the next one goes on from them.
    var context: ConversationContext?
    var constraints: [ObjectIdentifier: (schema: GenerationSchema, constraint: Constraint)] = [:]
  }

  /// - Parameters:
  ///   - engine: answers; any number of conversations share it.
  ///   - instructions: what the model shall be and do; the system message.
  ///   - tools: functions that it may call, each with a name of its own.
  public convenience init(_ engine: Engine, instructions: String? = nil, tools: [Tool] = []) {
    let entries = instructions.map { [Transcript.Entry.instructions($0)] } ?? []
    self.init(engine, transcript: Transcript(entries: entries), tools: tools)
  }

  /// Goes on with a conversation, or with a part of one.
  public init(_ engine: Engine, transcript: Transcript, tools: [Tool] = []) {
    precondition(
      Set(tools.map(\.name)).count == tools.count, "two tools of a conversation have one name")
    self.engine = engine
    self.tools = tools
    state = Mutex(State(transcript: transcript))
  }

  deinit { engine.forget(owner: owner) }

  /// What was said so far.
  public var transcript: Transcript { state.withLock { $0.transcript } }

  /// Whether an answer is being made.
  public var isResponding: Bool { state.withLock { $0.isResponding } }

  /// Answers.
  ///
  /// - Throws: `ConversationError`, `EngineError`, `ModelError` or `TemplateError` where the model's
  ///   template does not take the conversation, `GenerableError` or `ConstraintError` where a schema
  ///   cannot be used, `ToolError`, or `CancellationError` where the task was cancelled.
  public func respond(
    to prompt: String, options: GenerationOptions = GenerationOptions()
  ) async throws -> Response<String> {
    try await streamResponse(to: prompt, options: options).collect()
  }

  /// Answers piece by piece. Throws as `respond`, while it is iterated.
  public func streamResponse(
    to prompt: String, options: GenerationOptions = GenerationOptions()
  ) -> ResponseStream {
    ResponseStream(conversation: self, prompt: prompt, options: options)
  }

  /// Answers with a value. The model can write nothing else.
  ///
  /// The answer ends within `maximumResponseTokens`; where the shortest value has more tokens,
  /// `EngineError.answerTooShort` comes before anything is computed.
  public func respond<Content: Generable>(
    to prompt: String, generating type: Content.Type = Content.self,
    options: GenerationOptions = GenerationOptions()
  ) async throws -> Response<Content> {
    let (schema, constraint) = try compiled(type)
    var options = options
    options.constraint = constraint
    var turn = ConversationTurn(self, prompt: prompt, options)
    turn.schema = schema
    turn.check = { text in
      guard (try? GeneratedValue.decode(type, from: text)) != nil else {
        throw ConversationError.incomplete
      }
    }
    while try await turn.next() != nil {}
    let response = try turn.response()
    return Response(
      content: try GeneratedValue.decode(type, from: response.content),
      reasoning: response.reasoning,
      transcriptEntries: response.transcriptEntries,
      usage: Response<Content>.Usage(response.usage), finishReason: response.finishReason)
  }

  /// The schema of a type, compiled once.
  private func compiled(
    _ type: any Generable.Type
  ) throws -> (schema: GenerationSchema, constraint: Constraint) {
    let id = ObjectIdentifier(type)
    if let known = state.withLock({ $0.constraints[id] }) { return known }
    let schema = try GenerationSchema(of: type)
    let made = (schema, try schema.constraint())
    state.withLock { $0.constraints[id] = made }
    return made
  }

  /// Stops the answer that is being made, if there is one, and the tools that run for it; whoever waits
  /// for it gets a `CancellationError`. The conversation is free at once.
  public func cancel() {
    let stop = state.withLock { state in
      state.turn += 1
      state.isResponding = false
      defer { state.stop = nil }
      return state.stop
    }
    stop?()
  }

  // MARK: Turns

  /// Begins a turn: nobody else may until it has ended. Gives its number.
  func begin() throws(ConversationError) -> (Int, Transcript, ConversationContext?) {
    try state.withLock { state throws(ConversationError) in
      guard !state.isResponding else { throw .isResponding }
      state.isResponding = true
      state.turn += 1
      return (state.turn, state.transcript, state.context)
    }
  }

  /// Notes what cancels that which a turn has begun; does so where the turn has been cancelled.
  func note(of turn: Int, stop: @escaping @Sendable () -> Void) {
    let isCurrent = state.withLock { state in
      if state.turn == turn { state.stop = stop }
      return state.turn == turn
    }
    if !isCurrent { stop() }
  }

  /// Whether a turn has been neither cancelled nor ended.
  func isCurrent(_ turn: Int) -> Bool { state.withLock { $0.turn == turn && $0.isResponding } }

  /// Ends a turn.
  ///
  /// - Parameter added: what was said; nil where the turn came to nothing.
  func end(_ turn: Int, added: [Transcript.Entry]?, context: ConversationContext?) {
    state.withLock { state in
      guard state.turn == turn else { return }
      state.isResponding = false
      state.stop = nil
      guard let added else { return }
      state.transcript.entries += added
      state.context = context
    }
  }
}

extension Response.Usage {
  init<Other>(_ other: Response<Other>.Usage) {
    promptTokenCount = other.promptTokenCount
    cachedPromptTokenCount = other.cachedPromptTokenCount
    generatedTokenCount = other.generatedTokenCount
  }
}
