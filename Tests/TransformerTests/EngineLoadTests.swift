// The engine under load: everything comes back, and everybody has a turn.

import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct EngineLoadTests {
  private func engine(_ change: (inout EngineOptions) -> Void) throws -> Engine {
    var options = EngineOptions()
    change(&options)
    return try Engine(
      TinyModel(name: "llama").load(.F16, contextLength: 512), options: options)
  }

  @Test("After random cancels every slot and page is free again")
  func cancels() async throws {
    let engine = try engine {
      $0.queueLimit = 1000
      $0.keyValueBytes = 0
      $0.remembersPrefixes = false
    }
    var random = SeededGenerator(seed: 1)
    let model = TinyModel(name: "llama")
    for round in 0..<(isSlowRun ? 500 : 15) {
      let prompts = try (0..<20).map { index in
        try model.tokens(
          Int.random(in: 1...200, using: &random), seed: UInt64(round * 20 + index))
      }
      let limits = prompts.map { _ in Int.random(in: 0..<12, using: &random) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (prompt, limit) in zip(prompts, limits) {
          var request = GenerationRequest(prompt: prompt)
          request.ignoreEndOfGeneration = true
          let generation = try engine.generate(request)
          group.addTask {
            var seen = 0
            if limit == 0 { generation.cancel() }
            for try await case .token in generation {
              seen += 1
              // Some say so, others just leave.
              if seen == limit, limit % 2 == 0 { generation.cancel() }
              if seen == limit, limit % 2 == 1 { return }
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let deadline = ContinuousClock.now + .seconds(30)
    while engine.pendingCount > 0 || engine.statistics.usedMemoryBytes > 0,
      ContinuousClock.now < deadline
    {
      await Task.yield()
    }
    #expect(engine.pendingCount == 0)
    #expect(engine.statistics.usedMemoryBytes == 0)
  }

  @Test("Sequences run side by side")
  func sideBySide() async throws {
    let engine = try engine { $0.sequenceLimit = 8 }
    let prompt = try TinyModel(name: "llama").tokens(5, seed: 1)
    let steps = engine.statistics.stepCount
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        var request = GenerationRequest(prompt: prompt)
        request.maxTokens = 400
        request.ignoreEndOfGeneration = true
        let generation = try engine.generate(request)
        group.addTask { for try await _ in generation {} }
      }
      try await group.waitForAll()
    }
    // One after another it would be 3,200.
    #expect(engine.statistics.stepCount - steps < 1600)
  }

  @Test("An owner with one request does not wait for all of another owner's")
  func fairShares() async throws {
    let engine = try engine {
      $0.sequenceLimit = 1
      $0.queueLimit = 100
    }
    let prompt = try TinyModel(name: "llama").tokens(50, seed: 1)
    let waits = Waits()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<21 {
        var request = GenerationRequest(prompt: prompt)
        request.maxTokens = 400
        request.ignoreEndOfGeneration = true
        request.owner = index < 20 ? "many" : "one"
        let generation = try engine.generate(request)
        group.addTask {
          for try await case .finished(let summary) in generation {
            waits.durations.withLock { $0[index] = summary.queueDuration }
          }
        }
      }
      try await group.waitForAll()
    }
    let durations = waits.durations.withLock { $0 }
    let one = try #require(durations[20])
    let earlier = durations.values.count { $0 < one }
    #expect(earlier < 10, "it came after \(earlier) of 20")
  }

  /// How long each request waited.
  private final class Waits: Sendable {
    let durations = Mutex<[Int: Duration]>([:])
  }
}
