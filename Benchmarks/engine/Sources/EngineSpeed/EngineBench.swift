// The measurements. Each prints its runs, and what they come to.

import Tokenizer
import Transformer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Measures engines on one model.
struct EngineBench {
  let model: Model

  /// Runs of each measurement.
  let runs: Int

  /// Aggregate decode of 16 sequences against one: 8 random tokens read, 96 written.
  func batch() async throws {
    var speeds: [Int: [Double]] = [:]
    for _ in 0..<runs {
      for count in [1, 16] {
        let engine = try Engine(model)
        let summaries = try await withThrowingTaskGroup(of: GenerationSummary.self) { group in
          for index in 0..<count {
            let generation = try engine.generate(
              request(random(8, seed: UInt64(index + 1)), count: 96))
            group.addTask { try await Self.read(generation).summary }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        let seconds = summaries.map { $0.decodeDuration / .seconds(1) }.max() ?? 0
        let tokens = summaries.reduce(0) { $0 + $1.generatedTokenCount - 1 }
        speeds[count, default: []].append(Double(tokens) / seconds)
        engine.shutdown()
      }
    }
    let (one, many) = (median(speeds[1]!), median(speeds[16]!))
    tell("batch: 1 sequence \(list(speeds[1]!)) t/s, 16 sequences \(list(speeds[16]!)) t/s")
    tell("batch: medians \(rounded(one)) and \(rounded(many)), ratio \(rounded(many / one))")
  }

  /// The first 300 gaps between the tokens of one sequence while a prompt of 8,000 tokens is read.
  func gap() async throws {
    var gaps: [Double] = []
    for run in 0..<runs {
      let engine = try Engine(model)
      let victim = try engine.generate(request(random(16, seed: 1), count: 2_000))
      var times: [ContinuousClock.Instant] = []
      var long: Task<GenerationSummary, any Error>?
      var reading: Generation?
      let isOver = Flag()
      for try await case .token in victim {
        times.append(.now)
        if times.count == 20 {
          let generation = try engine.generate(request(random(8_000, seed: 7), count: 1))
          reading = generation
          long = Task {
            let summary = try await Self.read(generation).summary
            isOver.set()
            return summary
          }
        }
        if isOver.isSet || times.count > 320 { break }
      }
      reading?.cancel()
      let found = zip(times.dropFirst(21), times.dropFirst(20)).map {
        ($0 - $1) / .milliseconds(1)
      }.sorted()
      gaps += found
      let summary = try await long?.value
      let state = summary?.finishReason == .cancelled ? "was still read" : "was read"
      tell(
        "gap: run \(run + 1): p50 \(rounded(found[found.count / 2])), "
          + "p99 \(rounded(found[found.count * 99 / 100])), longest \(rounded(found.last!)) ms; "
          + "\(found.count) gaps, the prompt \(state)")
      engine.shutdown()
    }
    gaps.sort()
    tell("gap: all runs: p99 \(rounded(gaps[gaps.count * 99 / 100])) ms of \(gaps.count)")
  }

  /// Time to the first token of a prompt of 2,000 tokens that is remembered, in decode steps.
  func prefix() async throws {
    let engine = try Engine(model)
    let prompt = random(2_000, seed: 3)
    var steps: [Double] = []
    for run in 0...runs {
      let start = ContinuousClock.now
      let generation = try engine.generate(request(prompt, count: 33, owner: "a"))
      let (first, summary) = try await Self.read(generation)
      let step = summary.decodeDuration / .milliseconds(32)
      let time = (first - start) / .milliseconds(1)
      // The first run reads the prompt.
      if run > 0 { steps.append(time / step) }
      tell(
        "prefix: \(summary.cachedPromptTokenCount) of 2000 tokens remembered, first token after "
          + "\(rounded(time)) ms, a step takes \(rounded(step)) ms")
    }
    tell("prefix: first token after \(list(steps)) steps, median \(rounded(median(steps)))")
    engine.shutdown()
  }

  /// Decode with the prompt lookup against decode without: a text to copy with edits, and free text.
  func lookup() async throws {
    for (name, text, count) in [
      ("copy-edit", Self.copyEdit, 220), ("free text", Self.freeText, 220),
    ] {
      let prompt = try model.prompt([.user(text)])
      var speeds: [Bool: [Double]] = [:]
      var statistics = EngineStatistics()
      for _ in 0..<runs {
        for usesLookup in [false, true] {
          var options = EngineOptions()
          options.usesPromptLookup = usesLookup
          let engine = try Engine(model, options: options)
          let summary = try await Self.read(
            try engine.generate(request(prompt, count: count, endsItself: true))
          ).summary
          speeds[usesLookup, default: []].append(
            Double(summary.generatedTokenCount - 1) / (summary.decodeDuration / .seconds(1)))
          if usesLookup { statistics = engine.statistics }
          engine.shutdown()
        }
      }
      let factors = zip(speeds[true]!, speeds[false]!).map { $0 / $1 }
      tell(
        "lookup: \(name): without \(list(speeds[false]!)), with \(list(speeds[true]!)) t/s; "
          + "\(statistics.rightGuessCount) of \(statistics.guessedTokenCount) guesses right, "
          + "\(statistics.stepCount) steps")
      tell("lookup: \(name): factors \(list(factors)), median \(rounded(median(factors)))")
    }
  }

  private static let copyEdit = """
    Correct the spelling mistakes in this text and repeat it in full:

    The old port lies at the mouth of the river. In the morning, the boats come bakc with their \
    catch, and the women of the town wait on the quay with baskets. The port has two lighthouses, \
    one of stone and one of iron. The stone lighthouse was biult in 1791 by a merchant who had lost \
    three ships in a single winter. The iron lighthouse is younger and not so tall, but its light \
    reaches further. Between the two runs a wall of granite, and on the wall children sit and fish. \
    Nobody remembers who planted the fig tree at the end of the wall. It bears fruit every year, \
    and whoever comes to the port in August may take as many figs as fit into two hands.
    """
  private static let freeText = "Tell me a long story about a lighthouse keeper and a storm."

  // MARK: Parts

  private func request(
    _ prompt: [TokenID], count: Int, owner: String? = nil, endsItself: Bool = false
  ) -> GenerationRequest {
    var request = GenerationRequest(prompt: prompt)
    request.maxTokens = count
    request.ignoreEndOfGeneration = !endsItself
    request.sampling = .greedy
    request.owner = owner
    return request
  }

  /// The same tokens every time (Knuth's MMIX constants).
  private func random(_ count: Int, seed: UInt64) -> [TokenID] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return TokenID((state >> 33) % UInt64(model.info.vocabularyCount))
    }
  }

  /// When the first token came, and how it ended.
  private static func read(
    _ generation: Generation
  ) async throws -> (first: ContinuousClock.Instant, summary: GenerationSummary) {
    var first: ContinuousClock.Instant?
    for try await event in generation {
      switch event {
      case .token: first = first ?? .now
      case .finished(let summary): return (first ?? .now, summary)
      }
    }
    throw CancellationError()
  }
}

/// Prints a line at once: what is measured takes minutes.
func tell(_ line: String) {
  print(line)
  fflush(nil)
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

private func list(_ values: [Double]) -> String {
  values.map { "\(rounded($0))" }.joined(separator: " ")
}
