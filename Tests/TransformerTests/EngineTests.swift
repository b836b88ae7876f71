// The engine: answers in order, stops where it should, and lets go when it is told to.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct EngineTests {
  private static let path = ProjectFixtures.root + "/architectures/llama.gguf"
  private static let prompt: [Int32] = [217, 77, 137, 224, 23]

  private func engine(
    contextLength: Int = 256, queueLimit: Int = 64, sequenceLimit: Int = 16,
    longestGap: Duration = .milliseconds(100)
  ) throws -> Engine {
    var options = ModelOptions()
    options.contextLength = contextLength
    var engineOptions = EngineOptions()
    engineOptions.queueLimit = queueLimit
    engineOptions.sequenceLimit = sequenceLimit
    engineOptions.longestGap = longestGap
    return try Engine(try Model.load(Self.path, options: options), options: engineOptions)
  }

  private func request(_ maxTokens: Int?, seed: UInt64 = 1) -> GenerationRequest {
    var request = GenerationRequest(prompt: Self.prompt)
    request.maxTokens = maxTokens
    request.sampling.seed = seed
    request.ignoreEndOfGeneration = true
    return request
  }

  private func run(
    _ generation: Generation
  ) async throws -> (ids: [Int32], text: String, summary: GenerationSummary) {
    var ids: [Int32] = []
    var text = ""
    var summary: GenerationSummary?
    for try await event in generation {
      switch event {
      case .token(let token):
        ids.append(token.id)
        text += token.text
      case .finished(let end):
        text += end.text
        summary = end
      }
    }
    return (ids, text, try #require(summary))
  }

  @Test func countsAreExact() async throws {
    let answer = try await run(try engine().generate(request(17)))
    #expect(answer.ids.count == 17)
    #expect(answer.summary.generatedTokenCount == 17)
    #expect(answer.summary.promptTokenCount == 5)
    #expect(answer.summary.finishReason == .length)
  }

  @Test func theSameSeedGivesTheSameAnswerAlsoBehindOthers() async throws {
    let engine = try engine()
    let first = try engine.generate(request(20, seed: 5))
    let other = try engine.generate(request(30, seed: 6))
    let again = try engine.generate(request(20, seed: 5))
    let a = try await run(first)
    let b = try await run(other)
    let c = try await run(again)
    #expect(a.ids == c.ids)
    #expect(Array(b.ids.prefix(20)) != a.ids)
  }

  @Test func theContextEndsAnAnswerWithoutALimit() async throws {
    let answer = try await run(try engine(contextLength: 40).generate(request(nil)))
    #expect(answer.summary.finishReason == .length)
    #expect(answer.summary.promptTokenCount + answer.summary.generatedTokenCount == 40)
  }

  @Test func aStopTextEndsTheAnswerAndIsNotPartOfIt() async throws {
    let engine = try engine()
    let whole = try await run(try engine.generate(request(60)))
    let middle = whole.text.index(whole.text.startIndex, offsetBy: whole.text.count / 2)
    let stop = String(whole.text[middle...].prefix(3))
    var stopped = request(60)
    stopped.stop = [stop]
    let answer = try await run(try engine.generate(stopped))
    #expect(answer.summary.finishReason == .stop)
    #expect(answer.summary.stopCause == .text(stop))
    #expect(whole.summary.stopCause == nil)
    #expect(!answer.text.contains(stop))
    #expect(whole.text.hasPrefix(answer.text))
  }

  @Test func theFirstOfSeveralStopTextsIsTold() async throws {
    let engine = try engine()
    let whole = try await run(try engine.generate(request(60)))
    let early = String(whole.text.dropFirst(whole.text.count / 4).prefix(4))
    let late = String(whole.text.dropFirst(whole.text.count / 2).prefix(4))
    var stopped = request(60)
    stopped.stop = [late, early, ""]
    let answer = try await run(try engine.generate(stopped))
    #expect(answer.summary.stopCause == .text(early))
    #expect(
      answer.text
        == whole.text.prefix(upTo: try #require(whole.text.firstRange(of: early)).lowerBound))
  }

  @Test("A stop text that the last, broken character completes is told")
  func aStopTextAtTheEnd() async throws {
    let engine = try engine()
    let tokenizer = engine.model.tokenizer
    let byte = try #require(
      (0..<Int32(engine.model.info.vocabularyCount)).first {
        var decoder = StreamingDecoder(tokenizer)
        return decoder.append($0).isEmpty && decoder.finish() == "\u{FFFD}"
      })
    var stopped = request(1)
    stopped.sampling.logitBias = [byte: 1000]
    stopped.stop = ["\u{FFFD}"]
    let answer = try await run(engine.generate(stopped))
    #expect(answer.ids == [byte])
    #expect(answer.summary.finishReason == .stop)
    #expect(answer.summary.stopCause == .text("\u{FFFD}"))
    #expect(answer.text.isEmpty)
  }

  @Test func anEndOfGenerationTokenEndsTheAnswer() async throws {
    let engine = try engine()
    let ends = engine.model.tokenizer.endOfGenerationIDs
    try #require(!ends.isEmpty)
    // Over many seeds a random model draws its end token early now and then.
    var stops = 0
    for seed in 0..<64 {
      var ending = request(200, seed: UInt64(seed))
      ending.ignoreEndOfGeneration = false
      ending.sampling.temperature = 3
      ending.sampling.topK = 0
      ending.sampling.topP = 1
      ending.sampling.minP = 0
      let answer = try await run(try engine.generate(ending))
      if case .token(let id) = answer.summary.stopCause {
        #expect(answer.summary.finishReason == .stop && ends.contains(id))
        stops += 1
      }
      #expect(answer.ids.allSatisfy { !ends.contains($0) })
      let isStop = answer.summary.finishReason == .stop
      #expect(answer.summary.generatedTokenCount == answer.ids.count + (isStop ? 1 : 0))
    }
    #expect(stops > 0)
  }

  @Test func cancellingEndsWithASummary() async throws {
    let engine = try engine(contextLength: 100_000)
    let generation = try engine.generate(request(nil))
    var seen = 0
    var summary: GenerationSummary?
    for try await event in generation {
      switch event {
      case .token:
        seen += 1
        if seen == 3 { generation.cancel() }
      case .finished(let end): summary = end
      }
    }
    #expect(summary?.finishReason == .cancelled)
    #expect(try #require(summary).generatedTokenCount == seen)
  }

  @Test(.timeLimit(.minutes(10))) func aReaderThatLeavesFreesTheEngine() async throws {
    // The next request runs once the endless one does not.
    let engine = try engine(sequenceLimit: 1)
    var endless = request(nil)
    endless.shiftsContext = true
    try await readOneEvent(try engine.generate(endless))
    let next = try await run(try engine.generate(request(2)))
    #expect(next.summary.generatedTokenCount == 2)
  }

  private func readOneEvent(_ generation: Generation) async throws {
    var iterator = generation.makeAsyncIterator()
    _ = try await iterator.next()
  }

  @Test func hostileRequestsAreRefused() throws {
    let engine = try engine(contextLength: 32)
    #expect(throws: EngineError.emptyPrompt) {
      try engine.generate(GenerationRequest(prompt: []))
    }
    #expect(throws: EngineError.promptTooLong(tokens: 32, contextLength: 32)) {
      try engine.generate(GenerationRequest(prompt: Array(repeating: 1, count: 32)))
    }
    for id: Int32 in [-1, 288, .max, .min] {
      #expect(throws: EngineError.tokenOutOfRange(id, vocabularyCount: 288)) {
        try engine.generate(GenerationRequest(prompt: [id]))
      }
    }
  }

  @Test func theQueueIsBounded() throws {
    let engine = try engine(contextLength: 1 << 20, queueLimit: 2, sequenceLimit: 1)
    var running: [Generation] = []
    var refusals = 0
    for _ in 0..<10 {
      let answer = Result { try engine.generate(request(nil)) }
      switch answer {
      case .success(let generation): running.append(generation)
      case .failure: refusals += 1
      }
    }
    #expect(refusals >= 7)
    #expect(running.count <= 3)
    engine.shutdown()
    #expect(throws: EngineError.stopped) { try engine.generate(request(1)) }
  }

  @Test func withoutAQueueARequestRunsAtOnceOrIsRefused() async throws {
    let engine = try engine(queueLimit: 0, sequenceLimit: 1)
    var endless = request(nil)
    endless.shiftsContext = true
    let running = try engine.generate(endless)
    #expect(throws: EngineError.overloaded(queueLimit: 0)) { try engine.generate(request(1)) }
    running.cancel()
    for try await _ in running {}
    while engine.pendingCount > 0 { await Task.yield() }
    #expect(try await run(try engine.generate(request(1))).ids.count == 1)
  }

  @Test(arguments: [(0, 64), (-1, 64), (129, 64), (Int.max, 64), (16, -1)])
  func optionsThatNoEngineCanKeepToAreRefused(sequenceLimit: Int, queueLimit: Int) {
    let error = #expect(throws: ModelError.self) {
      try engine(queueLimit: queueLimit, sequenceLimit: sequenceLimit)
    }
    #expect(error?.code == .badOption)
  }

  @Test(arguments: [10_000_000_000_000_000, -10_000_000_000_000_000])
  func anyGapIsTaken(seconds: Int) async throws {
    let engine = try engine(longestGap: .seconds(seconds))
    var long = request(2)
    long.prompt = Array(repeating: 77, count: 200)
    // The first one is measured; the slices of the second one follow from that.
    for _ in 0..<2 {
      #expect(try await run(try engine.generate(long)).ids.count == 2)
    }
  }

  @Test func noTokensAreGeneratedWhereNoneAreAskedFor() async throws {
    let answer = try await run(try engine().generate(request(0)))
    #expect(answer.ids.isEmpty)
    #expect(answer.summary.finishReason == .length)
  }
}
