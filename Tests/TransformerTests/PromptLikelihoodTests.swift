// How likely a prompt's own tokens were.

import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct PromptLikelihoodTests {
  private static let path = ProjectFixtures.root + "/architectures/llama.gguf"
  private static let prompt: [Int32] = (0..<90).map { Int32(20 + ($0 * 37) % 200) }

  /// The likelihoods by a session's logits, which know nothing of the engine's slices.
  private func expected(_ model: Model) throws -> [TokenLikelihood] {
    var rows: [[Float]] = []
    try Session(model).evaluate(Self.prompt, logits: .all) { rows.append($0) }
    return (1..<Self.prompt.count).map {
      logProbabilities(rows[$0 - 1], of: Self.prompt[$0], count: 2)
    }
  }

  private func request(
    _ told: Box, maxTokens: Int
  ) -> GenerationRequest {
    var request = GenerationRequest(prompt: Self.prompt)
    request.owner = "somebody"
    request.maxTokens = maxTokens
    request.ignoreEndOfGeneration = true
    request.sampling = .greedy
    request.sampling.logProbabilities = 2
    request.tellPromptLikelihoods = { likelihoods in told.values.withLock { $0.append(likelihoods) }
    }
    return request
  }

  private final class Box: Sendable {
    let values = Mutex<[[TokenLikelihood]]>([])
    var all: [[TokenLikelihood]] { values.withLock { $0 } }
  }

  @Test(arguments: [0, 1, 5])
  func theyAreToldOnceAndAreTheModels(maxTokens: Int) async throws {
    let model = try Model.load(Self.path)
    let engine = try Engine(model)
    let expected = try expected(model)
    // The second time the prompt could be taken from the cache.
    for _ in 0..<2 {
      let told = Box()
      var tokens = 0
      var end: GenerationSummary?
      for try await event in try engine.generate(request(told, maxTokens: maxTokens)) {
        switch event {
        case .token:
          tokens += 1
          #expect(told.all.count == 1, "they come before the first token")
        case .finished(let summary): end = summary
        }
      }
      #expect(tokens == maxTokens)
      #expect(end?.finishReason == .length)
      #expect(told.all == [expected])
    }
    engine.shutdown()
  }

  @Test func othersBesideChangeNothing() async throws {
    let model = try Model.load(Self.path)
    var options = EngineOptions()
    options.rowLimit = 8
    let engine = try Engine(model, options: options)
    let told = Box()
    async let vector = engine.embed(Self.prompt, pooling: .mean, owner: "another")
    for try await _ in try engine.generate(request(told, maxTokens: 3)) {}
    #expect(told.all == [try expected(model)])
    #expect(try await vector == Engine(model).embed(Self.prompt, pooling: .mean))
    engine.shutdown()
  }
}
