// Thoughts that are bounded: the tag that ends them comes in time, and nowhere else.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct ReasoningLimitTests {
  private static let closing = "</think>"

  private func answer(
    _ limit: ReasoningLimit?, prompt: [TokenID], maxTokens: Int = 40, _ options: EngineOptions,
    _ model: Model, seed: UInt64 = 3
  ) async throws -> [TokenID] {
    var request = GenerationRequest(prompt: prompt)
    request.maxTokens = maxTokens
    request.ignoreEndOfGeneration = true
    request.sampling.seed = seed
    request.reasoningLimit = limit
    var ids: [TokenID] = []
    for try await event in try Engine(model, options: options).generate(request) {
      if case .token(let token) = event { ids.append(token.id) }
    }
    return ids
  }

  @Test(arguments: [0, 1, 8, 9, 10, 20])
  func anOpenThoughtIsClosedInTime(tokens: Int) async throws {
    let tiny = TinyModel(name: "llama")
    let model = try tiny.load(.F16)
    let tag = model.tokenizer.encode(Self.closing, parsingSpecial: true, addingSpecial: false)
    let prompt = try tiny.tokens(12, seed: 1)
    let free = try await answer(nil, prompt: prompt, EngineOptions(), model)
    let limit = ReasoningLimit(tokenCount: tokens, isOpen: true)
    let bounded = try await answer(limit, prompt: prompt, EngineOptions(), model)
    let thought = max(0, tokens - tag.count)
    #expect(bounded.prefix(thought) == free.prefix(thought))
    #expect(Array(bounded[thought..<thought + tag.count]) == tag)
    #expect(bounded.count == free.count, "the answer goes on behind the tag")
  }

  @Test func anAnswerThatBeginsWithoutAThoughtIsFree() async throws {
    let tiny = TinyModel(name: "llama")
    let model = try tiny.load(.F16)
    let prompt = try tiny.tokens(12, seed: 1)
    let limit = ReasoningLimit(tokenCount: 4, isOpen: false)
    #expect(
      try await answer(limit, prompt: prompt, EngineOptions(), model)
        == answer(nil, prompt: prompt, EngineOptions(), model))
  }

  /// Guesses run ahead of the bound, and change nothing.
  @Test func guessesKeepToTheBound() async throws {
    let tiny = TinyModel(name: "llama")
    let model = try tiny.load(.F16)
    let prompt = Array(repeating: try tiny.tokens(6, seed: 2), count: 6).flatMap(\.self)
    let limit = ReasoningLimit(tokenCount: 20, isOpen: true)
    let plain = try await answer(limit, prompt: prompt, EngineOptions(), model)
    var guessing = EngineOptions()
    guessing.usesPromptLookup = true
    guessing.draft = model
    #expect(try await answer(limit, prompt: prompt, guessing, model) == plain)
  }

  /// Tags are found however tokens cut them, also where the model closes its thoughts itself.
  @Test(arguments: [
    (" <think>", "ab</think>cdefghijklmnop", 30, false),
    ("<think>", "The swift sleeps in flight, high above the town.", 6, true),
    ("no <think>", "The swift sleeps in flight.", 2, false),
    ("<thin", "gs that swifts do in flight.", 2, false),
  ])
  func tagsAreFoundInTheText(front: String, rest: String, tokens: Int, closes: Bool) throws {
    let model = try TinyModel(name: "llama").load(.F16)
    func ids(_ text: String) -> [TokenID] {
      model.tokenizer.encode(text, parsingSpecial: true, addingSpecial: false)
    }
    var reasoning = BoundedReasoning(
      ReasoningLimit(tokenCount: tokens + ids(Self.closing).count, isOpen: false),
      model.tokenizer)
    var wanted: [TokenID] = []
    for id in ids(front + rest) {
      if let next = reasoning.wanted {
        wanted.append(next)
        reasoning.accept(next)
      } else {
        reasoning.accept(id)
      }
    }
    #expect(!wanted.isEmpty == closes)
    #expect(ids(Self.closing).starts(with: wanted))
  }
}
