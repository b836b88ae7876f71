// Conversations on a tiny model with random weights, whose answers only constraints make sensible.

import Synchronization
import TestSupport
import Testing

import Transformer

struct ConversationTests {
  struct Item: Generable, Equatable {
    var name: String
    var count: Int
    static let guides: Guides = ["name": [.length(0...6)], "count": [.range(1...99)]]
  }

  struct Failure: Error {}

  private func engine(template: String? = nil) throws -> Engine {
    var options = ModelOptions()
    options.contextLength = 2_048
    options.threadCount = 1
    options.chatTemplate =
      template
      ?? "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
      + "{% if add_generation_prompt %}[assistant]{% endif %}"
    return try Engine(
      try Model.load(ProjectFixtures.root + "/architectures/llama.gguf", options: options))
  }

  private func options(_ tokens: Int = 40, temperature: Float = 1.5) -> GenerationOptions {
    GenerationOptions(temperature: temperature, maximumResponseTokens: tokens, seed: 3)
  }

  @Test func turnsBecomeATranscript() async throws {
    let conversation = Conversation(try engine(), instructions: "Be brief.")
    let first = try await conversation.respond(to: "Hello", options: options())
    let second = try await conversation.respond(to: "Again", options: options())
    #expect(
      Array(conversation.transcript) == [
        .instructions("Be brief."), .prompt("Hello"), .response(first.content), .prompt("Again"),
        .response(second.content),
      ])
    #expect(second.transcriptEntries == [.prompt("Again"), .response(second.content)])
    #expect(second.usage.promptTokenCount > first.usage.promptTokenCount)
  }

  @Test func aConversationGoesOnFromWhatWasComputed() async throws {
    let conversation = Conversation(
      try engine(), instructions: String(repeating: "Words and words. ", count: 20))
    let first = try await conversation.respond(to: "Hello", options: options())
    let second = try await conversation.respond(to: "Again", options: options())
    #expect(first.usage.cachedPromptTokenCount == 0)
    // All pages of 32 tokens before the new words but the last.
    #expect(second.usage.cachedPromptTokenCount + 64 > first.usage.promptTokenCount)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func typedAnswersAreValues(seed: UInt64) async throws {
    let conversation = Conversation(try engine())
    let options = GenerationOptions(temperature: 1.5, maximumResponseTokens: 160, seed: seed)
    let items = try await conversation.respond(
      to: "Items?", generating: [Item].self, options: options
    ).content
    #expect(items.allSatisfy { (1...99).contains($0.count) && $0.name.unicodeScalars.count <= 6 })
  }

  @Test func snapshotsAddUpToTheAnswer() async throws {
    let engine = try engine()
    let whole = try await Conversation(engine).respond(to: "Hello", options: options())
    var text = ""
    for try await part in Conversation(engine).streamResponse(to: "Hello", options: options()) {
      text += part.delta
      #expect(part.content == text)
    }
    #expect(text == whole.content)
  }

  @Test func leavingTheLoopLeavesTheTranscriptAsItWas() async throws {
    let conversation = Conversation(try engine())
    for try await _ in conversation.streamResponse(to: "Hello", options: options(400)) {
      #expect(conversation.isResponding)
      break
    }
    #expect(conversation.transcript.isEmpty)
    #expect(!conversation.isResponding)
    _ = try await conversation.respond(to: "Hello", options: options(4))
    #expect(conversation.transcript.count == 2)
  }

  @Test func cancellingTheTaskCancelsTheAnswer() async throws {
    let conversation = Conversation(try engine())
    let options = options(1_500)
    let task = Task {
      for try await _ in conversation.streamResponse(to: "Hello", options: options) {
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(conversation.transcript.isEmpty && !conversation.isResponding)
  }

  @Test func cancellingTheConversationFreesItAtOnce() async throws {
    let conversation = Conversation(try engine())
    await #expect(throws: CancellationError.self) {
      for try await _ in conversation.streamResponse(to: "Hello", options: options(1_500)) {
        conversation.cancel()
        #expect(!conversation.isResponding)
      }
    }
    _ = try await conversation.respond(to: "Hello", options: options(4))
    #expect(conversation.transcript.count == 2)
  }

  @Test func oneAnswerAtATime() async throws {
    let conversation = Conversation(try engine())
    for try await _ in conversation.streamResponse(to: "Hello", options: options(400)) {
      await #expect(throws: ConversationError.isResponding) {
        try await conversation.respond(to: "Another", options: options(4))
      }
      break
    }
  }

  @Test func tooFewTokensForAValueAreRefusedBeforeTheStart() async throws {
    let conversation = Conversation(try engine())
    await #expect(throws: EngineError.self) {
      try await conversation.respond(to: "Item?", generating: Item.self, options: options(3))
    }
    #expect(conversation.transcript.isEmpty && !conversation.isResponding)
  }

  /// All tokens are thoughts, as far as nothing ends them.
  private static let thinking = "{% for m in messages %}{{ m.content }}{% endfor %}<think>\n"

  @Test func aValueThatDidNotComeLeavesTheTranscriptAsItWas() async throws {
    let conversation = Conversation(try engine(template: Self.thinking))
    await #expect(throws: ConversationError.incomplete) {
      try await conversation.respond(to: "Item?", generating: Item.self, options: options())
    }
    #expect(conversation.transcript.isEmpty && !conversation.isResponding)
  }

  @Test func boundedThoughtsLeaveRoomForTheValue() async throws {
    let conversation = Conversation(try engine(template: Self.thinking))
    var options = options(200)
    options.maximumReasoningTokens = 20
    let response = try await conversation.respond(
      to: "Item?", generating: Item.self, options: options)
    #expect((1...99).contains(response.content.count))
    #expect(!response.reasoning.isEmpty)
  }

  // MARK: Tools

  private static let templates = [
    nil,
    "{{ tools }}<tool_call>{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ m.tool_calls }}\n"
      + "{% endfor %}[assistant]",
    "{{ tools }}[TOOL_CALLS]{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}",
    "{{ tools }}<|tool_call|>{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}",
    "{{ tools }}<|python_tag|>{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}",
  ]

  @Test(arguments: templates)
  func aRequiredCallComesInEveryFormat(_ template: String?) async throws {
    let items = Mutex<[Item]>([])
    let keep = Tool("keep", "Keeps an item.") { (item: Item) in
      items.withLock { $0.append(item) }
      return [item.count]
    }
    let drop = Tool("drop", "Drops nothing.") { (_: [Bool]) in "nothing" }
    let conversation = Conversation(try engine(template: template), tools: [drop, keep])
    var options = options(120)
    options.toolChoice = .named("keep")
    options.maximumToolRounds = 1
    let response = try await conversation.respond(to: "Keep one", options: options)
    let item = try #require(items.withLock { $0.first })
    guard case .toolCalls(let calls, words: "") = response.transcriptEntries[1] else {
      Issue.record("\(response.transcriptEntries)")
      return
    }
    #expect(try calls.map { try GeneratedValue.decode(Item.self, from: $0.arguments) } == [item])
    #expect(response.transcriptEntries[2] == .toolOutput("[\(item.count)]", of: calls[0]))
    #expect(response.transcriptEntries.count == 4)
  }

  @Test func aValueAfterACallIsAValue() async throws {
    let keep = Tool("keep", "Keeps an item.") { (_: Item) in "kept" }
    let conversation = Conversation(try engine(), tools: [keep])
    var options = options(120)
    options.toolChoice = .required
    options.maximumToolRounds = 2
    let response = try await conversation.respond(
      to: "Keep one", generating: [Int].self, options: options)
    #expect(response.transcriptEntries.count >= 4)
    #expect(response.content.allSatisfy { abs($0) < 1_000_000_000_000_000 })
  }

  @Test func errorsOfToolsNameTheTool() async throws {
    let fail = Tool("fail", "Fails.") { (_: [Bool]) -> String in throw Failure() }
    let conversation = Conversation(try engine(), tools: [fail])
    var options = options(120)
    options.toolChoice = .required
    await #expect {
      try await conversation.respond(to: "Fail", options: options)
    } throws: { error in
      (error as? ToolError)?.toolName == "fail"
        && (error as? ToolError)?.underlyingError is Failure
    }
    #expect(conversation.transcript.isEmpty && !conversation.isResponding)
  }

  @Test(.timeLimit(.minutes(10)))
  func cancellingTheConversationCancelsItsTools() async throws {
    let began = Mutex(false)
    let wait = Tool("wait", "Waits.") { (_: [Bool]) -> String in
      began.withLock { $0 = true }
      try await Task.sleep(for: .seconds(3_600))
      return ""
    }
    let conversation = Conversation(try engine(), tools: [wait])
    var options = options(120)
    options.toolChoice = .required
    let answer = Task { [options] in try await conversation.respond(to: "Wait", options: options) }
    while !began.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    conversation.cancel()
    await #expect(throws: CancellationError.self) { try await answer.value }
    #expect(conversation.transcript.isEmpty && !conversation.isResponding)
  }

  /// Words before a call stay words where no mark could tell one from the other.
  @Test(arguments: [
    ("{{ tools }}<tool_call>", "<tool_call>"), ("{{ tools }}<tool_call><think></think>", nil),
    ("{{ tools }}", nil), ("no functions", nil),
  ])
  func callsAreHeldToBehindTheirMarkAlone(template: String, mark: String?) {
    let output = ModelOutput(template: template) { _ in nil }
    #expect(output.markOfCalls(output.reading(promptEnd: "", functions: [])) == mark)
    #expect(output.markOfCalls(output.reading(promptEnd: "<think>", functions: [])) == nil)
  }

  @Test func whatCannotBeAskedForIsRefused() async throws {
    let tool = Tool("tool", "A tool.") { (_: Item) in "" }
    let conversation = Conversation(try engine(), tools: [tool])
    var named = options()
    named.toolChoice = .named("other")
    for conversation in [conversation, Conversation(conversation.engine)] {
      await #expect(throws: ConversationError.unknownTool("other")) {
        try await conversation.respond(to: "Hello", options: named)
      }
    }
    named.toolChoice = .required
    await #expect(throws: ConversationError.noTools) {
      try await Conversation(conversation.engine).respond(to: "Hello", options: named)
    }
    for choice in [ToolChoice.required, .named("tool")] {
      named.toolChoice = choice
      named.maximumToolRounds = 0
      await #expect(throws: ConversationError.noToolRounds) {
        try await conversation.respond(to: "Hello", options: named)
      }
    }
    var constrained = options()
    constrained.constraint = try .expression("[ab]+")
    await #expect(throws: ConversationError.constraintWithTools) {
      try await conversation.respond(to: "Hello", options: constrained)
    }
    constrained.toolChoice = .none
    let words = try await conversation.respond(to: "Hello", options: constrained).content
    #expect(words.allSatisfy { "ab".contains($0) } && !words.isEmpty)
  }

  @Test func loadingTellsHowFarItIs() async throws {
    let parts = Mutex<[Double]>([])
    _ = try await Engine.load(ProjectFixtures.root + "/architectures/llama.gguf") { part in
      parts.withLock { $0.append(part) }
    }
    let told = parts.withLock { $0 }
    #expect(told == told.sorted() && told.last == 1)
  }

  @Test func loadingStopsWithItsTask() async throws {
    let task = Task {
      try await Engine.load(ProjectFixtures.root + "/architectures/llama.gguf")
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
