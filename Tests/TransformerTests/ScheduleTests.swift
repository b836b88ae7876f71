// The engine's promise: an answer has the same bits whatever runs beside it, whatever is found in
// the cache, and however often its memory was taken from it.

import FoundationEssentials
import TestSupport
import Testing
import Transformer

/// Whether the long tests run: `APUS_SLOW=1`.
let isSlowRun = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"

/// The schedules of a long run on the real model, 0 to 499: `APUS_SEEDS=100-199` takes some of them,
/// to spread them over processes.
private let slowSeeds: Range<UInt64> = {
  let parts = (ProcessInfo.processInfo.environment["APUS_SEEDS"] ?? "0-499").split(separator: "-")
  let bounds = parts.compactMap { UInt64($0) }
  return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]..<bounds[1] + 1 : 0..<500
}()

@Suite(.serialized) struct ScheduleTests {
  @Test(
    "Random schedules on tiny models",
    arguments: ["llama", "gemma3", "cohere2", "lfm2", "mamba", "qwen35", "falcon-h1"])
  func tinyModels(name: String) async throws {
    var setBacks = 0
    var rightGuesses = 0
    for threads in [1, 2] {
      let model = try TinyModel(name: name).load(.F16, threads: threads, contextLength: 320)
      let layers = model.decoder.blocks.memories
      let pageBytes = BlockLayout(layers, .F16).pageBytes
      for seed in 0..<UInt64(isSlowRun ? 250 : 6) {
        var random = SeededGenerator(seed: seed + UInt64(1000 * threads))
        let schedule = Schedule(
          model, sequences: Int.random(in: 1...16, using: &random), longestPrompt: 250,
          longestAnswer: 40, pageBytes: pageBytes, &random)
        do {
          let statistics = try await schedule.check(model, seed: seed)
          setBacks += statistics.setBackCount
          rightGuesses += statistics.rightGuessCount
        } catch {
          Issue.record(error, "schedule \(seed), \(threads) threads")
        }
      }
    }
    #expect(setBacks > 0, "memory was scarce")
    #expect(rightGuesses > 0, "something was guessed")
  }

  @Test("A sequence that is set back while it has guesses gives the same bits", arguments: 11..<15)
  func setBackWithGuesses(pages: Int) async throws {
    let model = try TinyModel(name: "llama").load(.F16, contextLength: 320)
    let layers = model.decoder.blocks.memories
    // What is guessed must be right when it is given up: a negative penalty makes answers of one
    // token.
    let requests = (0..<3).map { _ in
      var request = GenerationRequest(prompt: Array(repeating: 5, count: 120))
      request.maxTokens = 150
      request.ignoreEndOfGeneration = true
      request.sampling = .greedy
      request.sampling.frequencyPenalty = -2
      return request
    }
    var options = EngineOptions()
    options.keyValueBytes = BlockLayout(layers, .F16).pageBytes * pages
    options.usesPromptLookup = true
    let statistics = try await Schedule(requests, options: options).check(model, seed: 0)
    #expect(statistics.setBackCount > 0, "memory was scarce")
    #expect(statistics.rightGuessCount > 0, "something was guessed")
  }

  @Test(
    "Random schedules on a real model",
    .enabled(if: RealModel.arePresent, RealModel.absence))
  func realModel() async throws {
    var options = ModelOptions()
    options.contextLength = isSlowRun ? 600 : 160
    var total = Total()
    var models: [Model] = []
    for threads in [1, 2] {
      options.threadCount = threads
      models.append(try Model.load(RealModel.smol.path, options: options))
    }
    for seed in isSlowRun ? slowSeeds : 0..<3 {
      var random = SeededGenerator(seed: 5000 + seed)
      let model = models[Int(seed) % 2]
      let layers = model.decoder.blocks.memories
      let schedule = Schedule(
        model, sequences: Int.random(in: 1...(isSlowRun ? 16 : 6), using: &random),
        longestPrompt: isSlowRun ? 512 : 80, longestAnswer: isSlowRun ? 12 : 8,
        pageBytes: BlockLayout(layers, .F16).pageBytes, mostAreShort: isSlowRun,
        &random)
      let statistics = try await schedule.check(model, seed: seed)
      total.add(statistics)
      if isSlowRun, seed % 10 == 9 { print("\(seed + 1) schedules: \(total)") }
    }
  }

  /// What happened in many schedules.
  private struct Total: CustomStringConvertible {
    private var steps = 0
    private var setBacks = 0
    private var guesses = (made: 0, right: 0)

    mutating func add(_ statistics: EngineStatistics) {
      steps += statistics.stepCount
      setBacks += statistics.setBackCount
      guesses.made += statistics.guessedTokenCount
      guesses.right += statistics.rightGuessCount
    }

    var description: String {
      "\(steps) steps, \(setBacks) sequences set back, \(guesses.right) of \(guesses.made) guesses right"
    }
  }
}
