// apus run: one prompt, one answer.

import ArgumentParser
import JSON
import Tokenizer
import Transformer

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer one prompt.",
    discussion: """
      The prompt is put into the model's chat template as a question; --raw continues it as a text \
      instead. Examples:
        apus run smollm2-135m-instruct -p "Why is the sky blue?"
        apus run gemma-3-270m --raw -p "The capital of Slovenia is" -n 16 --temp 0
        apus run smollm2-135m-instruct -p "Is water wet?" --choice yes --choice no
        apus run smollm2-135m-instruct -p "Name a bird." --json-schema @bird.json
        apus run smollm2-135m-instruct -p "Name a bird." --choices 3 -n 8
      """)

  @OptionGroup var model: ModelArgument

  @Option(name: [.short, .long], help: "The prompt; without it standard input is read.")
  var prompt: String?

  @Option(
    name: [.customShort("n"), .long],
    help: "Tokens to write, at most; by default to the end of the context.")
  var maxTokens: Int?

  @Flag(help: "Continue the prompt as it stands, without a chat template.")
  var raw = false

  @Option(help: "What the model is told before the prompt.")
  var system: String?

  @Option(help: "End before this text would be written; may be given more than once.")
  var stop: [String] = []

  @Flag(help: "Print a JSON object with text, token counts and times when all is done.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Answers to choose from: the prompt is read once for all of them; with --seed the seeds follow one another from there."
    ))
  var choices = 1

  @Option(help: "The same, and the prompt is read for each: to see how many requests fare.")
  var parallel = 1

  @Flag(
    help: ArgumentHelp(
      "Go on where the context is full: forget half of what follows the system prompt."))
  var contextShift = false

  @Flag(help: "Tell tokens and speed on standard error.")
  var stats = false

  @OptionGroup var engine: EngineArguments
  @OptionGroup(title: "What the answer must be") var constraint: ConstraintArguments
  @OptionGroup(title: "Speculation") var speculation: SpeculationArguments
  @OptionGroup(title: "Conversation") var conversation: ConversationArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments

  func validate() throws {
    if let maxTokens, maxTokens < 1 { throw ValidationError("-n takes a number above 0.") }
    if raw, system != nil { throw ValidationError("--raw has no place for --system.") }
    for (name, count) in [("--choices", choices), ("--parallel", parallel)] {
      guard (1...128).contains(count) else {
        throw ValidationError("\(name) takes a number from 1 to 128.")
      }
    }
    if choices > 1, parallel > 1 {
      throw ValidationError("Of --choices and --parallel only one can be given.")
    }
    if sampling.logprobs != nil, !json {
      throw ValidationError("--logprobs is printed with --json.")
    }
    if stop.contains("") { throw ValidationError("--stop takes a text that is not empty.") }
  }

  func run() async throws {
    let located = try LocatedModel.find(model.model)
    let template = try conversation.templateSource()
    let constraint = try self.constraint.constraint()
    let (loaded, text, options) = try await onOwnThread {
      let text = try prompt ?? readPrompt()
      let model = try engine.load(
        located.path, contextLength: conversation.context, chatTemplate: template)
      var options = EngineOptions()
      options.sequenceLimit = max(choices, parallel)
      options.queueLimit = max(options.queueLimit, options.sequenceLimit)
      try speculation.apply(to: &options, for: model, engine)
      return (model, text, options)
    }
    var request = GenerationRequest(
      prompt: try tokens(of: text, for: loaded, named: located.argument))
    request.sampling = try sampling.options(for: loaded.tokenizer)
    request.maxTokens = maxTokens
    request.stop = stop
    request.constraint = constraint
    request.shiftsContext = contextShift
    request.keptTokenCount = try keptTokenCount(of: request.prompt, for: loaded)
    let running = try Engine(loaded, options: options)
    defer { running.shutdown() }
    var requests = request.choices(max(choices, parallel))
    if parallel > 1 { for index in requests.indices { requests[index].sharedPrompt = nil } }
    let generations = try requests.map { try running.generate($0) }
    let interrupts = Interrupts { for generation in generations { generation.cancel() } }
    defer { withExtendedLifetime(interrupts) {} }
    if generations.count == 1 {
      try await show(generations[0])
    } else {
      try await show(generations)
    }
  }

  /// The prompt on standard input.
  private func readPrompt() throws -> String {
    let text = try InputFile.text("-")
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw CommandError(
        .unusableInput, "standard input holds no prompt: write one there, or give it with -p")
    }
    return text
  }

  /// Tokens that a shift of the context keeps: the system prompt, or the token that all begin with.
  private func keptTokenCount(of prompt: [TokenID], for model: Model) throws -> Int {
    guard let system else { return prompt.first == model.tokenizer.beginID ? 1 : 0 }
    let opening = try model.prompt([.system(system)], addGenerationPrompt: false)
    return zip(prompt, opening).prefix { $0 == $1 }.count
  }

  /// Prints answers that are computed side by side, one after the other.
  private func show(_ generations: [Generation]) async throws {
    var documents: [JSONValue] = []
    for (index, generation) in generations.enumerated() {
      if !json { Terminal.writeLine(index == 0 ? "[1]" : "\n[\(index + 1)]") }
      var text = ""
      var likelihoods: [TokenLikelihood] = []
      for try await event in generation {
        switch event {
        case .token(let token):
          text += token.text
          if let likelihood = token.likelihood { likelihoods.append(likelihood) }
        case .finished(let summary):
          documents.append(document(text + summary.text, summary, likelihoods))
          if !json { Terminal.writeLine(text + summary.text) }
          if stats { Terminal.note(speedText(summary)) }
        }
      }
    }
    if json { Terminal.writeLine(JSONValue.array(documents).serialized()) }
  }

  private func tokens(
    of text: String, for model: Model, named argument: String
  ) throws -> [TokenID] {
    if raw { return model.tokens(ofPrompt: text) }
    guard model.chatTemplate != nil else { throw noChatTemplate(argument) }
    return try model.prompt((system.map { [.system($0)] } ?? []) + [.user(text)])
  }

  private func show(_ generation: Generation) async throws {
    var text = ""
    var likelihoods: [TokenLikelihood] = []
    for try await event in generation {
      switch event {
      case .token(let token):
        if let likelihood = token.likelihood { likelihoods.append(likelihood) }
        if json { text += token.text } else { Terminal.write(token.text) }
      case .finished(let summary):
        if json {
          Terminal.writeLine(document(text + summary.text, summary, likelihoods).serialized())
        } else {
          Terminal.writeLine(summary.text)
        }
        if stats { Terminal.note(speedText(summary)) }
      }
    }
  }

  private func document(
    _ text: String, _ summary: GenerationSummary, _ likelihoods: [TokenLikelihood]
  ) -> JSONValue {
    var document: JSONObject = [
      "text": .string(text), "finish_reason": .string(summary.finishReason.rawValue),
      "prompt_tokens": .integer(Int64(summary.promptTokenCount)),
      "completion_tokens": .integer(Int64(summary.generatedTokenCount)),
      "prompt_seconds": .number(summary.promptDuration / .seconds(1)),
      "decode_seconds": .number(summary.decodeDuration / .seconds(1)),
    ]
    if sampling.logprobs != nil {
      document["logprobs"] = .array(likelihoods.map(\.json))
    }
    return .object(document)
  }
}
