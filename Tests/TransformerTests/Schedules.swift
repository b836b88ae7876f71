// Random schedules: requests that arrive together at an engine with little memory, and what each
// of them gives when it is alone.

import Dispatch
import Synchronization
import TestSupport
import Testing
import Tokenizer
import Transformer

/// Requests for one engine, drawn at random.
struct Schedule: Sendable {
  let requests: [GenerationRequest]
  /// Requests that are cancelled after so many tokens.
  let cancelled: [Int: Int]
  var options: EngineOptions
  /// Whether the engine takes nothing in before all have been asked.
  private let arriveAtOnce: Bool

  /// Requests that arrive at once, none of which is cancelled.
  init(_ requests: [GenerationRequest], options: EngineOptions) {
    self.requests = requests
    self.options = options
    cancelled = [:]
    arriveAtOnce = true
  }

  /// - Parameters:
  ///   - mostAreShort: makes long prompts rare.
  ///   - pageBytes: bytes of a page of the model's memory, to make memory scarce.
  init(
    _ model: Model, sequences: Int, longestPrompt: Int, longestAnswer: Int, pageBytes: Int,
    mostAreShort: Bool = false,
    _ random: inout SeededGenerator
  ) {
    let vocabulary = Int32(model.info.vocabularyCount)
    // Prompts share beginnings, so that some are found in the cache.
    let texts = (0..<3).map { _ in
      (0..<longestPrompt).map { _ in Int32.random(in: 0..<vocabulary, using: &random) }
    }
    var requests: [GenerationRequest] = []
    var cancelled: [Int: Int] = [:]
    for index in 0..<sequences {
      var part = Double.random(in: 0...1, using: &random)
      if mostAreShort { for _ in 0..<3 { part *= part } }
      let length = max(1, Int(Double(longestPrompt) * part))
      var prompt = Array(texts.randomElement(using: &random)!.prefix(length))
      if Bool.random(using: &random) {
        prompt[length - 1 - length / 4] = Int32.random(in: 0..<vocabulary, using: &random)
      }
      var request = GenerationRequest(prompt: prompt)
      request.maxTokens = Int.random(in: 1...longestAnswer, using: &random)
      request.ignoreEndOfGeneration = true
      request.sampling.temperature = [0, 0.8, 1.5].randomElement(using: &random)!
      request.sampling.topK = [0, 40].randomElement(using: &random)!
      request.sampling.repeatPenalty = [1, 1.2].randomElement(using: &random)!
      // Below 0 it makes the answer repeat itself, so that guesses are right.
      request.sampling.frequencyPenalty = [0, 0, -20].randomElement(using: &random)!
      request.sampling.seed = UInt64.random(in: 0...99, using: &random)
      request.owner = [nil, "a", "b"].randomElement(using: &random)!
      request.share = [1, 3].randomElement(using: &random)!
      requests.append(request)
      if Int.random(in: 0..<8, using: &random) == 0 {
        cancelled[index] = Int.random(in: 0..<4, using: &random)
      }
    }
    self.requests = requests
    self.cancelled = cancelled
    arriveAtOnce = false
    var options = EngineOptions()
    options.sequenceLimit = Int.random(in: 1...16, using: &random)
    options.longestGap = .milliseconds([1, 20, 100].randomElement(using: &random)!)
    options.keyValueBytes = pageBytes * Int.random(in: 1...24, using: &random)
    options.remembersPrefixes = Int.random(in: 0..<4, using: &random) > 0
    options.usesPromptLookup = Bool.random(using: &random)
    options.rowLimit = Int.random(in: 2...512, using: &random)
    self.options = options
  }

  /// Runs it and compares each answer with the same request's alone. Gives the engine's statistics
  /// at the end.
  func check(_ model: Model, seed: UInt64) async throws -> EngineStatistics {
    let engine = try Engine(model, options: options)
    let door = DispatchSemaphore(value: 0)
    let standing = arriveAtOnce ? try engine.generate(Self.standing(at: door)) : nil
    let answers = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for (index, var request) in requests.enumerated() {
        let digest = Digest()
        request.observeLogits = { digest.add($0, $1) }
        let generation = try engine.generate(request)
        let limit = cancelled[index]
        group.addTask {
          var ids: [TokenID] = []
          if limit == 0 { generation.cancel() }
          for try await case .token(let token) in generation {
            ids.append(token.id)
            if ids.count == limit { generation.cancel() }
          }
          let first = request.prompt.count - 1
          return (
            index, Answer(ids: ids, digests: ids.indices.map { digest.values[first + $0] ?? 0 })
          )
        }
      }
      door.signal()
      standing?.cancel()
      var answers: [Int: Answer] = [:]
      for try await (index, answer) in group { answers[index] = answer }
      return answers
    }
    for (index, request) in requests.enumerated() {
      try check(
        try #require(answers[index]), request, model, isWhole: cancelled[index] == nil,
        "request \(index) of schedule \(seed)")
    }
    let statistics = engine.statistics
    engine.shutdown()
    #expect(engine.statistics.runningCount == 0 && engine.statistics.waitingCount == 0)
    return statistics
  }

  /// A request whose first token is not chosen before the door opens: the engine's thread waits.
  static func standing(at door: DispatchSemaphore) -> GenerationRequest {
    var request = GenerationRequest(prompt: [1])
    request.maxTokens = 1
    request.ignoreEndOfGeneration = true
    request.observeLogits = { _, _ in _ = door.wait(timeout: .now() + 600) }
    return request
  }

  /// Tokens, and a number for the logits that each was chosen from.
  struct Answer: Equatable {
    var ids: [TokenID] = []
    var digests: [UInt64] = []
  }

  /// Compares an answer with what a session of its own gives: the logits of each place, and the
  /// token that is chosen from them.
  private func check(
    _ answer: Answer, _ request: GenerationRequest, _ model: Model, isWhole: Bool,
    _ comment: Comment
  ) throws {
    let limit = try #require(request.maxTokens)
    #expect(isWhole ? answer.ids.count == limit : answer.ids.count <= limit, comment)
    guard !answer.ids.isEmpty else { return }
    let session = try Session(model)
    let sampler = Sampler(request.sampling)
    let prompt = try session.evaluate(request.prompt, logits: .last)
    let others = try session.evaluate(answer.ids.dropLast(), logits: .all)
    let width = model.info.vocabularyCount
    var expected = Answer()
    var tokens = request.prompt
    for (index, id) in answer.ids.enumerated() {
      let logits = index == 0 ? prompt : Array(others[(index - 1) * width..<index * width])
      expected.digests.append(Digest.of(logits))
      expected.ids.append(sampler.sample(logits, recent: tokens, position: tokens.count))
      tokens.append(id)
    }
    #expect(answer == expected, comment)
  }
}

/// Collects digests of rows of logits by their positions.
final class Digest: Sendable {
  private let digests = Mutex<[Int: UInt64]>([:])

  var values: [Int: UInt64] { digests.withLock { $0 } }

  func add(_ position: Int, _ logits: [Float]) {
    let digest = Self.of(logits)
    digests.withLock { $0[position] = digest }
  }

  /// FNV-1a over the bits.
  static func of(_ logits: [Float]) -> UInt64 {
    logits.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
  }
}
