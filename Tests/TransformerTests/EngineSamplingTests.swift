// What the engine does with sampling options that look at the answer as a whole.

import TestSupport
import Testing
import Transformer

@Suite struct EngineSamplingTests {
  private static let prompt: [Int32] = [217, 77, 137, 224, 23, 77, 137, 224, 23]

  private func engine() throws -> Engine {
    try Engine(try Model.load(ProjectFixtures.root + "/architectures/llama.gguf"))
  }

  private func request(_ change: (inout SamplingOptions) -> Void) -> GenerationRequest {
    var request = GenerationRequest(prompt: Self.prompt)
    request.maxTokens = 24
    request.ignoreEndOfGeneration = true
    request.sampling.seed = 4
    change(&request.sampling)
    return request
  }

  private func tokens(_ generation: Generation) async throws -> [GeneratedToken] {
    var tokens: [GeneratedToken] = []
    for try await case .token(let token) in generation { tokens.append(token) }
    return tokens
  }

  @Test func likelihoodsAreToldForEachTokenAndOnlyWhenAskedFor() async throws {
    let engine = try engine()
    let plain = try await tokens(engine.generate(request { _ in }))
    #expect(plain.allSatisfy { $0.likelihood == nil })
    let told = try await tokens(engine.generate(request { $0.logProbabilities = 3 }))
    #expect(told.map(\.id) == plain.map(\.id))
    for token in told {
      let likelihood = try #require(token.likelihood)
      #expect(likelihood.chosen.id == token.id && likelihood.likeliest.count == 3)
      let values = likelihood.likeliest.map(\.logProbability)
      #expect(values == values.sorted(by: >) && values[0] <= 0)
      #expect(likelihood.chosen.logProbability <= values[0])
    }
    // Greedy answers are guessed from the prompt, and take the likeliest token.
    let greedy = try await tokens(
      engine.generate(
        request {
          $0.temperature = 0
          $0.logProbabilities = 1
        }))
    #expect(greedy.count == 24)
    #expect(greedy.allSatisfy { $0.likelihood?.likeliest.first == $0.likelihood?.chosen })
  }

  @Test(arguments: [0, 1, 2])
  func samplersThatLookBackGiveTheSameAnswerBesideOthers(kind: Int) async throws {
    let wanted = request {
      if kind == 0 { $0.adaptiveTarget = 0.02 } else { $0.mirostat = kind == 1 ? .one : .two }
    }
    let alone = try await tokens(engine().generate(wanted)).map(\.id)
    let busy = try engine()
    let others = try (0..<3).map { number in
      try busy.generate(request { $0.seed = UInt64(number) })
    }
    let beside = try await tokens(busy.generate(wanted)).map(\.id)
    for other in others { _ = try await tokens(other) }
    #expect(alone == beside && alone.count == 24)
  }

  @Test func anAnswerDoesNotEndBeforeItsLeastLength() async throws {
    let engine = try engine()
    let model = engine.model
    let end = try #require(model.tokenizer.endOfGenerationIDs.min())
    for least in [0, 7] {
      var request = request {
        $0.logitBias = [end: 1_000]
        $0.minTokens = least
      }
      request.ignoreEndOfGeneration = false
      let found = try await tokens(engine.generate(request))
      #expect(found.count == least)
    }
  }

  @Test func stopTokensWaitForTheLeastLengthAndNotForEndsThatAreIgnored() async throws {
    let engine = try engine()
    let stop = try #require(
      (100..<200 as Range<Int32>).first { !engine.model.tokenizer.endOfGenerationIDs.contains($0) })
    for least in [0, 7] {
      var request = request {
        $0.logitBias = [stop: 1_000]
        $0.minTokens = least
      }
      request.stopTokens = [stop]
      let found = try await tokens(engine.generate(request))
      #expect(found.count == least)
    }
  }

  @Test func whereNoLogitIsFiniteAnAnswerEndsWithAnError() async throws {
    let file = try TinyModel(name: "llama").file()
    let name = "output_norm.weight"
    let count = try #require(file.tensor(named: name)).elementCount
    let variant = ModelVariant(
      added: [name: ([count], [Float](repeating: .nan, count: count))], removed: [name])
    let engine = try variant.withModel(of: file) { try Engine($0) }
    defer { engine.shutdown() }
    for temperature: Float in [0, 1] {
      let request = request { $0.temperature = temperature }
      await #expect(throws: EngineError.notFinite(model: "fixture")) {
        for try await case .token in try engine.generate(request) {
          Issue.record("a token is told")
        }
      }
    }
  }
}
