// Answers that go on when the context is full.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct ContextShiftTests {
  @Test(
    "An answer goes on with what the shift leaves, and keeps the beginning",
    arguments: ["llama", "qwen2", "gemma3", "cohere2", "lfm2", "mamba"], [false, true])
  func shifts(name: String, usesLookup: Bool) async throws {
    let model = try TinyModel(name: name).load(.F16, contextLength: 64)
    var options = EngineOptions()
    options.usesPromptLookup = usesLookup
    let engine = try Engine(model, options: options)
    for (kept, penalty): (Int, Float) in [(0, 0), (10, -2), (40, 1)] {
      var request = GenerationRequest(prompt: try TinyModel(name: name).tokens(20, seed: 3))
      request.maxTokens = 150
      request.ignoreEndOfGeneration = true
      request.shiftsContext = true
      request.keptTokenCount = kept
      request.sampling.seed = 7
      request.sampling.frequencyPenalty = penalty
      var ids: [TokenID] = []
      var summary: GenerationSummary?
      for try await event in try engine.generate(request) {
        switch event {
        case .token(let token): ids.append(token.id)
        case .finished(let end): summary = end
        }
      }
      #expect(ids.count == 150 && summary?.finishReason == .length)
      #expect(try ids == alone(request, model), "kept \(kept)")
    }
  }

  @Test(
    "The smallest context shifts too, whatever is kept", .timeLimit(.minutes(10)), arguments: 0...3)
  func smallest(kept: Int) async throws {
    for contextLength in 2...4 {
      let model = try TinyModel(name: "llama").load(.F16, contextLength: contextLength)
      var request = GenerationRequest(prompt: [1])
      request.maxTokens = 20
      request.ignoreEndOfGeneration = true
      request.shiftsContext = true
      request.keptTokenCount = kept
      var count = 0
      for try await case .token in try Engine(model).generate(request) { count += 1 }
      #expect(count == 20, "a context of \(contextLength)")
    }
  }

  @Test("Without a shift the answer ends with the context")
  func ends() async throws {
    let model = try TinyModel(name: "llama").load(.F16, contextLength: 64)
    var request = GenerationRequest(prompt: [1, 2, 3])
    request.maxTokens = 150
    request.ignoreEndOfGeneration = true
    for try await case .finished(let end) in try Engine(model).generate(request) {
      #expect(end.finishReason == .length && end.generatedTokenCount == 61)
    }
  }

  /// The same on a session that reads all again after each shift.
  private func alone(_ request: GenerationRequest, _ model: Model) throws -> [TokenID] {
    let session = try Session(model)
    let sampler = Sampler(request.sampling)
    let kept = min(request.keptTokenCount, model.contextLength / 2)
    var tokens = request.prompt
    var ids: [TokenID] = []
    var logits = try session.evaluate(tokens, logits: .last)
    while true {
      let position = request.prompt.count + ids.count
      let id = sampler.sample(logits, recent: tokens, position: position)
      ids.append(id)
      tokens.append(id)
      if ids.count == request.maxTokens { return ids }
      if tokens.count == model.contextLength {
        tokens.removeSubrange(kept..<kept + (tokens.count - kept) / 2)
        session.reset()
        logits = try session.evaluate(tokens, logits: .last)
      } else {
        logits = try session.evaluate([id], logits: .last)
      }
    }
  }
}
