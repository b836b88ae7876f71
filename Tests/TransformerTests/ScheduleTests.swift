// The engine's promise: an answer has the same bits whatever runs beside it, whatever is found in
// the cache, and however often its memory was taken from it.

import FoundationEssentials
import TestSupport
import Testing
import Transformer

/// Whether the long tests run: `APUS_SLOW=1`.
let isSlowRun = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"

@Suite(.serialized) struct ScheduleTests {
  @Test("Random schedules on tiny models", arguments: ["llama", "gemma3"])
  func tinyModels(name: String) async throws {
    var setBacks = 0
    var rightGuesses = 0
    for threads in [1, 2] {
      let model = try TinyModel(name: name).load(.F16, threads: threads, contextLength: 320)
      let layers = model.architecture.blocks.memories
      let pageBytes = BlockPool.blockBytes(layers, .F16) * layers.count
      for seed in 0..<UInt64(isSlowRun ? 250 : 12) {
        var random = SeededGenerator(seed: seed + UInt64(1000 * threads))
        let schedule = Schedule(
          model, sequences: Int.random(in: 1...16, using: &random), longestPrompt: 250,
          longestAnswer: 40, pageBytes: pageBytes, &random)
        let statistics = try await schedule.check(model, seed: seed)
        setBacks += statistics.setBackCount
        rightGuesses += statistics.rightGuessCount
      }
    }
    #expect(setBacks > 0, "memory was scarce")
    #expect(rightGuesses > 0, "something was guessed")
  }

  @Test(
    "Random schedules on a real model",
    .enabled(if: RealModel.arePresent, RealModel.absence))
  func realModel() async throws {
    var options = ModelOptions()
    options.contextLength = isSlowRun ? 600 : 160
    for seed in 0..<UInt64(isSlowRun ? 500 : 3) {
      var random = SeededGenerator(seed: 5000 + seed)
      options.threadCount = 1 + Int(seed) % 2
      let model = try Model.load(RealModel.smol.path, options: options)
      let layers = model.architecture.blocks.memories
      let schedule = Schedule(
        model, sequences: Int.random(in: 1...(isSlowRun ? 16 : 6), using: &random),
        longestPrompt: isSlowRun ? 512 : 80, longestAnswer: isSlowRun ? 24 : 8,
        pageBytes: BlockPool.blockBytes(layers, .F16) * layers.count, &random)
      _ = try await schedule.check(model, seed: seed)
    }
  }
}
