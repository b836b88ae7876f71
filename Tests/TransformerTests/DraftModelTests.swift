// A draft model guesses, and the answers stay what they are.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct DraftModelTests {
  @Test(
    "A draft model does not change a bit", arguments: ["llama", "lfm2", "mamba"],
    ["llama", "mamba"])
  func sameBits(name: String, draft: String) async throws {
    let model = try TinyModel(name: name).load(.F16, contextLength: 320)
    let drafting = try TinyModel(name: draft).load(.F32, contextLength: 200)
    for seed in 0..<3 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let layers = model.decoder.blocks.memories
      var schedule = Schedule(
        model, sequences: 6, longestPrompt: 200, longestAnswer: 40,
        pageBytes: BlockLayout(layers, .F16).pageBytes, &random)
      schedule.options.draft = drafting
      schedule.options.sequenceLimit = 3
      let statistics = try await schedule.check(model, seed: seed)
      #expect(statistics.guessedTokenCount > 0)
    }
  }

  @Test("A model that drafts for itself is right where the likeliest token is taken")
  func acceptance() async throws {
    let model = try TinyModel(name: "llama").load(.F16)
    let engine = try Engine(model, options: Self.options(model))
    var request = GenerationRequest(prompt: try TinyModel(name: "llama").tokens(100, seed: 1))
    request.sampling = .greedy
    request.maxTokens = 100
    request.ignoreEndOfGeneration = true
    for try await _ in try engine.generate(request) {}
    let statistics = engine.statistics
    #expect(statistics.guessedTokenCount > 50)
    #expect(statistics.rightGuessCount == statistics.guessedTokenCount)
    #expect(statistics.stepCount < 40, "the prompt, slices for the draft model, and few passes")
  }

  @Test("A model with other tokens is refused")
  func otherTokens() throws {
    let model = try TinyModel(name: "llama").load(.F16)
    var options = ModelOptions()
    options.threadCount = 1
    let other = try Model.load(
      ProjectFixtures.root + "/malformed/valid.gguf", options: options)
    let error = #expect(throws: ModelError.self) {
      try Engine(model, options: Self.options(other))
    }
    #expect(error?.code == .badOption)
  }

  private static func options(_ draft: Model) -> EngineOptions {
    var options = EngineOptions()
    options.draft = draft
    return options
  }
}
