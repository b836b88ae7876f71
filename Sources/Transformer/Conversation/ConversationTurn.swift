// One turn: prompts the model, reads what it writes, makes the calls that it asks for, and prompts it
// again, until it has answered. It is pulled by whoever wants the answer, so that nothing runs on when
// nobody does.

import Constraints
import JSON
import Tokenizer

struct ConversationTurn {
  /// The type that the answer is a value of.
  var schema: GenerationSchema?
  /// Throws where the whole answer is not what was asked for: then it was not said.
  var check: ((String) throws -> Void)?

  private let conversation: Conversation
  private let prompt: String
  private let options: GenerationOptions
  private var lease: Lease?
  private var tools: ToolSet?
  private var before = Transcript()
  private var added: [Transcript.Entry] = []
  private var context: ConversationContext?
  private var rounds = 0
  private var round: Round?
  private var usage = Response<String>.Usage()
  private var end: (content: AnswerContent, reason: FinishReason)?
  private var hasFailed = false

  /// A prompt and its answer.
  private struct Round {
    let promptText: String
    let promptTokens: [TokenID]
    var events: Generation.AsyncIterator
    var parser: OutputParser
    var content = AnswerContent()
    var answer: [TokenID] = []
  }

  /// The right to the conversation; it ends when the turn goes.
  private final class Lease {
    let conversation: Conversation
    let number: Int
    private var result: ([Transcript.Entry], ConversationContext)?

    init(_ conversation: Conversation, _ number: Int) {
      self.conversation = conversation
      self.number = number
    }

    func finish(_ entries: [Transcript.Entry], _ context: ConversationContext) {
      result = (entries, context)
    }

    deinit { conversation.end(number, added: result?.0, context: result?.1) }
  }

  init(_ conversation: Conversation, prompt: String, _ options: GenerationOptions) {
    self.conversation = conversation
    self.prompt = prompt
    self.options = options
  }

  /// The whole answer, after `next` has given nil.
  func response() throws -> Response<String> {
    guard let end else { throw CancellationError() }
    return Response(
      content: end.content.text, reasoning: end.content.reasoning, transcriptEntries: added,
      usage: usage, finishReason: end.reason)
  }

  /// Goes on until there are new words; nil when the answer is whole.
  mutating func next() async throws -> ResponseStream.Snapshot? {
    do {
      return try await step()
    } catch {
      round = nil
      lease = nil
      hasFailed = true
      throw error
    }
  }

  private mutating func step() async throws -> ResponseStream.Snapshot? {
    if end != nil || hasFailed { return nil }
    while true {
      try Task.checkCancellation()
      if round == nil { round = try startRound() }
      guard let event = try await round?.events.next() else { throw CancellationError() }
      // Also where the engine computed the last token of all, and did not look again.
      if let lease, !conversation.isCurrent(lease.number) { throw CancellationError() }
      let delta: String
      let content: AnswerContent?
      switch event {
      case .token(let token):
        round?.answer.append(token.id)
        delta = add(round?.parser.append(token) ?? [])
        content = round?.content
      case .finished(let summary):
        guard summary.finishReason != .cancelled else { throw CancellationError() }
        delta = add(round?.parser.finish(summary.text) ?? [])
        content = round?.content
        try await finishRound(summary)
      }
      guard !delta.isEmpty, let content else {
        if end != nil { return nil }
        continue
      }
      return ResponseStream.Snapshot(
        content: content.text, delta: delta, reasoning: content.reasoning)
    }
  }

  /// Adds to the answer. Gives what is new of its words.
  private mutating func add(_ pieces: [AnswerPiece]) -> String {
    var delta = ""
    for piece in pieces {
      round?.content.append(piece)
      if case .text(let text, _) = piece { delta += text }
    }
    return delta
  }

  private mutating func finishRound(_ summary: GenerationSummary) async throws {
    guard let round else { return }
    usage.promptTokenCount += summary.promptTokenCount
    usage.cachedPromptTokenCount += summary.cachedPromptTokenCount
    usage.generatedTokenCount += summary.generatedTokenCount
    let context = ConversationContext(
      promptText: round.promptText, promptTokens: round.promptTokens, answer: round.answer,
      conversation.engine.model.tokenizer)
    self.context = context
    let calls = round.content.calls
    if let tools, !calls.isEmpty, summary.finishReason == .stop {
      rounds += 1
      added.append(.toolCalls(calls, words: round.content.text))
      self.round = nil
      for (call, output) in zip(calls, try await outputs(of: calls, tools)) {
        added.append(.toolOutput(output, of: call))
      }
      return
    }
    try check?(round.content.text)
    added.append(.response(round.content.text))
    end = (round.content, summary.finishReason)
    lease?.finish(added, context)
    self.round = nil
    lease = nil
  }

  /// What tools give; they are cancelled with the turn.
  private func outputs(of calls: [ToolCall], _ tools: ToolSet) async throws -> [String] {
    let work = Task { try await tools.run(calls) }
    conversation.note(of: lease?.number ?? 0) { work.cancel() }
    do {
      return try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        work.cancel()
      }
    } catch {
      // Whatever a tool makes of being cancelled.
      if work.isCancelled { throw CancellationError() }
      throw error
    }
  }

  // MARK: Prompts

  private mutating func startRound() throws -> Round {
    if lease == nil {
      let (number, transcript, context) = try conversation.begin()
      lease = Lease(conversation, number)
      before = transcript
      self.context = context
      added = [.prompt(prompt)]
      if !conversation.tools.isEmpty { tools = try ToolSet(conversation.tools) }
    }
    if case .named(let name) = options.toolChoice, tools?.names.contains(name) != true {
      throw ConversationError.unknownTool(name)
    }
    if options.toolChoice == .required, tools == nil { throw ConversationError.noTools }
    if options.toolChoice.isForced, options.maximumToolRounds < 1 {
      throw ConversationError.noToolRounds
    }
    let model = conversation.engine.model
    let functions = options.toolChoice == .none ? nil : tools?.functions
    let output = model.outputs.output(withTools: functions != nil)
    let plan = try RoundPlan(
      output, tools: rounds < options.maximumToolRounds ? tools : nil, options,
      isFirst: rounds == 0, schema: schema)
    let promptText = try promptText(model, functions, output) + plan.opening
    let tokens =
      context?.tokens(of: promptText, model.tokenizer) ?? model.tokens(ofPrompt: promptText)
    let reading = output.reading(
      promptEnd: model.tokenizer.decode(tokens.suffix(8), showingSpecial: true),
      functions: plan.functions)
    var parser = OutputParser(reading)
    var request = GenerationRequest(prompt: tokens)
    request.sampling = options.sampling
    request.maxTokens = options.maximumResponseTokens
    request.stop = plan.isConstrained ? [] : options.stop
    request.owner = conversation.owner
    request.constraint = try plan.constraint(reading) {
      source throws(ConstraintError) in
      try conversation.engine.constraints.constraint(source, owner: conversation.owner)
    }
    request.reasoningLimit = options.maximumReasoningTokens.flatMap {
      output.reasoningLimit(tokens: $0, reading)
    }
    if plan.functions != nil { request.constraintMarkers = Set(reading.markers.keys) }
    var content = AnswerContent()
    for piece in parser.append(plan.opening) { content.append(piece) }
    let generation = try conversation.engine.generate(request)
    conversation.note(of: lease?.number ?? 0) { generation.cancel() }
    return Round(
      promptText: promptText, promptTokens: tokens, events: generation.makeAsyncIterator(),
      parser: parser, content: content)
  }

  /// - Parameter functions: those that the model is shown; nil for none.
  private func promptText(
    _ model: Model, _ functions: [JSONValue]?, _ output: ModelOutput
  ) throws -> String {
    var messages = (before.entries + added).map(\.message)
    if let schema, options.includesSchemaInPrompt,
      let last = messages.lastIndex(where: { $0.role == "user" })
    {
      messages[last].content +=
        "\n\nAnswer with JSON that satisfies this JSON Schema:\n\(schema.text)"
    }
    var variables: JSONObject = [:]
    if let thinks = options.thinks { variables["enable_thinking"] = .bool(thinks) }
    if output.showsTools {
      if let functions { variables["tools"] = .array(functions) }
    } else {
      // A plain template's model is only told of functions while it may call them.
      let functions = rounds < options.maximumToolRounds ? functions : nil
      messages = PlainToolMessages.rewritten(messages, tools: functions)
    }
    return try model.promptText(messages, variables: variables)
  }
}
