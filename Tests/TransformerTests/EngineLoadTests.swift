// The engine under load: everything comes back, and everybody has a turn.

import Foundation
import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct EngineLoadTests {
  private static func engine(_ change: (inout EngineOptions) -> Void) throws -> Engine {
    var options = EngineOptions()
    change(&options)
    return try Engine(
      TinyModel(name: "llama").load(.F16, contextLength: 512), options: options)
  }

  /// In a process of its own, because resident memory is the whole process's.
  @Test("After random cancels every slot and page is free again, within a step")
  func cancels() async throws {
    await #expect(processExitsWith: .success) { try await Self.cancelAtRandom() }
  }

  private static func cancelAtRandom() async throws {
    let engine = try engine {
      $0.queueLimit = 1000
      $0.keyValueBytes = 0
      $0.remembersPrefixes = false
    }
    var random = SeededGenerator(seed: 1)
    let model = TinyModel(name: "llama")
    let cancels = Cancels()
    var residentBytes = 0
    let rounds = isSlowRun ? 500 : 15
    for round in 0..<rounds {
      if round == rounds / 5 { residentBytes = ProcessMemory.residentBytes }
      let prompts = try (0..<20).map { index in
        try model.tokens(
          Int.random(in: 1...200, using: &random), seed: UInt64(round * 20 + index))
      }
      let limits = prompts.map { _ in Int.random(in: 0..<12, using: &random) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (prompt, limit) in zip(prompts, limits) {
          var request = GenerationRequest(prompt: prompt)
          request.ignoreEndOfGeneration = true
          let cancel = Cancel()
          request.observeLogits = { _, _ in cancel.noteStep() }
          let generation = try engine.generate(request)
          group.addTask {
            var seen = 0
            if limit == 0 { cancel.begin(generation) }
            for try await event in generation {
              guard case .token = event else { continue }
              seen += 1
              // Some say so, others just leave.
              if seen == limit, limit % 2 == 0 { cancel.begin(generation) }
              if seen == limit, limit % 2 == 1 { return }
            }
            if limit % 2 == 0 { cancels.add(cancel) }
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
    let steps = cancels.steps
    #expect(steps[steps.count * 99 / 100] <= 1, "steps between a cancel and its end")
    let growth = ProcessMemory.residentBytes - residentBytes
    #expect(growth < 64 << 20, "resident memory grew by \(growth) bytes")
    if isSlowRun {
      print(
        "\(rounds * 20) cancels; steps to the end: p99 \(steps[steps.count * 99 / 100]), most",
        "\(steps.last!); time to the end: p99 \(cancels.times[steps.count * 99 / 100]);",
        "\(engine.statistics.stepCount) steps; resident memory grew by \(growth) bytes")
    }
  }

  /// Counts the steps that a sequence is part of after it was cancelled.
  private final class Cancel: Sendable {
    private let state = Mutex<(begun: ContinuousClock.Instant?, steps: Int)>((nil, 0))

    func begin(_ generation: Generation) {
      state.withLock { $0.begun = .now }
      generation.cancel()
    }

    func noteStep() { state.withLock { if $0.begun != nil { $0.steps += 1 } } }

    var result: (steps: Int, time: Duration) {
      state.withLock { ($0.steps, .now - ($0.begun ?? .now)) }
    }
  }

  /// What was measured of all.
  private final class Cancels: Sendable {
    private let results = Mutex<[(steps: Int, time: Duration)]>([])

    func add(_ cancel: Cancel) {
      let result = cancel.result
      results.withLock { $0.append(result) }
    }

    var steps: [Int] { results.withLock { $0.map(\.steps).sorted() } }
    var times: [Duration] { results.withLock { $0.map(\.time).sorted() } }
  }

  @Test("Whoever is cancelled while he waits hears of it", .timeLimit(.minutes(2)))
  func cancelWaiting() async throws {
    let engine = try Self.engine {
      $0.sequenceLimit = 1
      $0.queueLimit = 1000
    }
    let prompt = try TinyModel(name: "llama").tokens(3, seed: 1)
    for _ in 0..<4 {
      var request = GenerationRequest(prompt: prompt)
      request.ignoreEndOfGeneration = true
      let generations = try (0..<500).map { _ in try engine.generate(request) }
      // One by one over several steps: some meet the engine while it looks at the queue. On a thread
      // of its own: beside other tests a task that yields may wait for seconds.
      await onThread {
        for generation in generations.reversed() {
          generation.cancel()
          sched_yield()
        }
      }
      for generation in generations {
        var reason: FinishReason?
        for try await case .finished(let summary) in generation { reason = summary.finishReason }
        #expect(reason == .cancelled || reason == .length)
      }
    }
  }

  @Test("Sequences run side by side")
  func sideBySide() async throws {
    let engine = try Self.engine { $0.sequenceLimit = 8 }
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
    let engine = try Self.engine {
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
