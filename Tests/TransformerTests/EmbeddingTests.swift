// Vectors of texts: hidden states, pooled.

import TestSupport
import Testing
import Transformer

@Suite struct EmbeddingTests {
  @Test("A vector is the pooled hidden states", arguments: TinyModel.all)
  func pooling(model: TinyModel) async throws {
    let loaded = try model.load(.F16, contextLength: 512)
    let count = min(300, loaded.contextLength)
    let tokens = try model.tokens(count, seed: 1)
    var states: [[Float]] = []
    let session = try Session(loaded)
    for part in [tokens.prefix(7), tokens.dropFirst(7)] {
      try session.evaluateHidden(Array(part)) { states.append($0) }
    }
    #expect(states.count == count)
    let engine = try Engine(loaded)
    #expect(try await engine.embed(tokens, pooling: .last).bits == states[count - 1].bits)
    let mean = try await engine.embed(tokens, pooling: .mean)
    #expect(mean.count == loaded.info.embeddingLength)
    for (index, value) in mean.enumerated() {
      let expected = states.reduce(0.0) { $0 + Double($1[index]) } / Double(count)
      #expect(abs(Double(value) - expected) < 1e-6)
    }
  }

  @Test("A vector waits in the engine's queue, and is cancelled with its task")
  func queue() async throws {
    var options = EngineOptions()
    options.sequenceLimit = 1
    options.queueLimit = 1
    let engine = try Engine(TinyModel(name: "llama").load(.F16), options: options)
    var request = GenerationRequest(prompt: [1, 2])
    request.ignoreEndOfGeneration = true
    request.shiftsContext = true
    let generation = try engine.generate(request)
    var events = generation.makeAsyncIterator()
    _ = try await events.next()
    let waiting = Task { try await engine.embed([1, 2, 3], pooling: .last) }
    while engine.statistics.waitingCount == 0 { await Task.yield() }
    await #expect(throws: EngineError.overloaded(queueLimit: 1)) {
      try await engine.embed([1, 2, 3], pooling: .last)
    }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    generation.cancel()
    while try await events.next() != nil {}
    #expect(
      try await engine.embed([1, 2, 3], pooling: .last).count == engine.model.info.embeddingLength)
    #expect(engine.statistics.prefixBytes == 0)
    engine.shutdown()
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
