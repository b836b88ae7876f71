// Vectors of texts: hidden states, pooled.

import TestSupport
import Testing
import Transformer

@Suite struct EmbeddingTests {
  @Test("A vector is the pooled hidden states", arguments: TinyModel.all)
  func pooling(model: TinyModel) async throws {
    let loaded = try model.load(.F16, contextLength: 512)
    let tokens = try model.tokens(300, seed: 1)
    var states: [[Float]] = []
    let session = try Session(loaded)
    for part in [tokens.prefix(7), tokens.dropFirst(7)] {
      try session.evaluateHidden(Array(part)) { states.append($0) }
    }
    #expect(states.count == 300)
    let engine = try Engine(loaded)
    #expect(try await engine.embed(tokens, pooling: .last).bits == states[299].bits)
    let mean = try await engine.embed(tokens, pooling: .mean)
    #expect(mean.count == loaded.info.embeddingLength)
    for (index, value) in mean.enumerated() {
      let expected = states.reduce(0.0) { $0 + Double($1[index]) } / 300
      #expect(abs(Double(value) - expected) < 1e-6)
    }
  }

  @Test("A text that is empty or too long is refused")
  func refusals() async throws {
    let engine = try Engine(TinyModel(name: "llama").load(.F16, contextLength: 8))
    await #expect(throws: EngineError.emptyPrompt) { try await engine.embed([], pooling: .mean) }
    await #expect(throws: EngineError.promptTooLong(tokens: 9, contextLength: 8)) {
      try await engine.embed(Array(repeating: 1, count: 9), pooling: .mean)
    }
  }
}
