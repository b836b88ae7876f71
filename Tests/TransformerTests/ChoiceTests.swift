// Several answers to one prompt: it is computed once, and the answers are those of requests alone.

import Dispatch
import TestSupport
import Testing
import Transformer

@Suite struct ChoiceTests {
  /// Longer than two pages, the last of them in part.
  private static let prompt: [Int32] = (0..<75).map { ($0 * 31 + 7) % 230 }

  private func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
    var model = ModelOptions()
    model.contextLength = 256
    model.threadCount = 1
    var options = EngineOptions()
    change(&options)
    return try Engine(
      try Model.load(ProjectFixtures.root + "/architectures/llama.gguf", options: model),
      options: options)
  }

  private func request() -> GenerationRequest {
    var request = GenerationRequest(prompt: Self.prompt)
    request.maxTokens = 12
    request.ignoreEndOfGeneration = true
    request.sampling.seed = 3
    return request
  }

  private func answer(_ generation: Generation) async throws -> ([Int32], GenerationSummary) {
    var ids: [Int32] = []
    var summary: GenerationSummary?
    for try await event in generation {
      switch event {
      case .token(let token): ids.append(token.id)
      case .finished(let end): summary = end
      }
    }
    return (ids, try #require(summary))
  }

  @Test(arguments: [true, false])
  func thePromptIsComputedOnceForAllChoices(_ remembers: Bool) async throws {
    let engine = try engine {
      $0.remembersPrefixes = remembers
      $0.sequenceLimit = 1
    }
    defer { engine.shutdown() }
    let requests = request().choices(5)
    #expect(requests.map(\.sampling.seed) == [3, 4, 5, 6, 7])
    // Another holds the engine's thread until all have come: none is done before the last.
    let door = DispatchSemaphore(value: 0)
    let first = try engine.generate(Schedule.standing(at: door))
    let generations = try requests.map { try engine.generate($0) }
    door.signal()
    first.cancel()
    var answers: [[Int32]] = []
    for (index, generation) in generations.enumerated() {
      let (ids, summary) = try await answer(generation)
      answers.append(ids)
      #expect(summary.cachedPromptTokenCount == (index == 0 ? 0 : Self.prompt.count - 1))
    }
    for (index, ids) in answers.enumerated() {
      var alone = request()
      alone.sampling.seed = 3 + UInt64(index)
      let (wanted, summary) = try await answer(engine.generate(alone))
      #expect(ids == wanted && summary.cachedPromptTokenCount == 0, "choice \(index)")
    }
  }

  @Test func aChoiceThatIsCancelledLeavesThePromptToTheNext() async throws {
    let engine = try engine { $0.sequenceLimit = 1 }
    defer { engine.shutdown() }
    let generations = try request().choices(3).map { try engine.generate($0) }
    generations[0].cancel()
    for generation in generations.dropFirst() {
      #expect(try await answer(generation).0.count == 12)
    }
  }
}
