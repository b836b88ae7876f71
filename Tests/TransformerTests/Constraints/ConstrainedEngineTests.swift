// The engine under constraints: answers satisfy them and end in time.

import Constraints
import TensorCore
import TestSupport
import Testing
import Transformer

struct ConstrainedEngineTests {
  private func engine() throws -> Engine {
    var options = ModelOptions()
    options.contextLength = 256
    options.threadCount = 1
    var engineOptions = EngineOptions()
    engineOptions.usesPromptLookup = true
    let path = ProjectFixtures.root + "/architectures/llama.gguf"
    return try Engine(try Model.load(path, options: options), options: engineOptions)
  }

  private func answer(
    _ engine: Engine, _ request: GenerationRequest
  ) async throws -> (text: String, summary: GenerationSummary) {
    var text = ""
    var summary: GenerationSummary?
    for try await event in try engine.generate(request) {
      switch event {
      case .token(let token): text += token.text
      case .finished(let end):
        text += end.text
        summary = end
      }
    }
    return (text, try #require(summary))
  }

  @Test
  func answersSatisfyTheConstraintAndEndInTime() async throws {
    let engine = try engine()
    defer { engine.shutdown() }
    let constraint = try Constraint.expression("(ab|c){3,40}[0-9]?")
    let runtime = ConstraintRuntime.shared(
      constraint, engine.model.tokenTrees.tree(of: engine.model.tokenizer))
    let fewest = try runtime.fewestTokens(from: runtime.start)
    for (seed, room) in [0, 1, 5, 80].enumerated() {
      var request = GenerationRequest(prompt: [217, 77, 137, 224, 23])
      request.constraint = constraint
      request.maxTokens = fewest + room
      request.sampling.seed = UInt64(seed)
      request.sampling.temperature = 1.5
      let (text, summary) = try await answer(engine, request)
      #expect(try constraint.accepts(text), "\(text)")
      #expect(summary.finishReason == .stop)
      #expect(summary.generatedTokenCount <= fewest + room)
    }
  }

  /// Words satisfy such a constraint wherever they stop, and are cut off all the same.
  @Test(arguments: [ConstraintPart.without("no such words"), .unlike(["no such words"])])
  func wordsThatAreCutOffHaveNotEnded(part: ConstraintPart) async throws {
    let engine = try engine()
    defer { engine.shutdown() }
    var request = GenerationRequest(prompt: [217, 77, 137])
    request.constraint = try Constraint.parts(part)
    request.maxTokens = 6
    request.sampling.minTokens = 6
    let (_, summary) = try await answer(engine, request)
    #expect(summary.finishReason == .length)
    #expect(summary.generatedTokenCount == 6)
  }

  /// What the caller wants of single tokens yields where it would leave none.
  @Test(arguments: ["yes", "0{60}", "yes|yes, but only on Tuesdays"])
  func bansLeaveWhatTheConstraintNeeds(pattern: String) async throws {
    let engine = try engine()
    defer { engine.shutdown() }
    let constraint = try Constraint.expression(pattern)
    var request = GenerationRequest(prompt: [217, 77, 137])
    request.constraint = constraint
    request.maxTokens = 100
    request.sampling.temperature = 0
    request.sampling.minTokens = 100
    request.sampling.dryMultiplier = 100
    request.sampling.dryBase = 100
    request.sampling.dryAllowedLength = 0
    request.sampling.bannedTokens = Set(0..<288)
    let (text, summary) = try await answer(engine, request)
    #expect(try constraint.accepts(text), "\(text)")
    #expect(summary.finishReason == .stop)
  }

  /// Where the context shifts there is no last token to count from, and of a byte that no token has no
  /// number of tokens is enough.
  @Test
  func aConstraintThatTheVocabularyCannotSpellHoldsWhereTheContextShifts() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder + "/model.gguf"
      let file = try TinyModel(name: "llama").file()
      let tokens = try #require(try file.metadata.strings("tokenizer.ggml.tokens"))
      let other = GGUFContent.strings(tokens.decoded().map { $0 == "\u{C3}" ? "zz" : $0 })
      try ModelVariant(metadata: ["tokenizer.ggml.tokens": other]).write(file, to: path)
      var options = ModelOptions()
      options.threadCount = 1
      let engine = try Engine(try Model.load(path, options: options))
      defer { engine.shutdown() }
      var request = GenerationRequest(prompt: [217, 77, 137])
      request.constraint = try .expression("ab|ca\u{E9}")
      request.shiftsContext = true
      #expect(try await answer(engine, request).text == "ab")
    }
  }

  @Test
  func tooFewTokensForAnyAnswerAreRefusedBeforeTheStart() throws {
    let engine = try engine()
    defer { engine.shutdown() }
    var request = GenerationRequest(prompt: [217, 77])
    request.constraint = try .expression("[0-9]{30}[a-z]{30}")
    request.maxTokens = 3
    #expect {
      try engine.generate(request)
    } throws: { error in
      guard case EngineError.answerTooShort(let needed, 3) = error else { return false }
      return needed > 3
    }
  }

  @Test
  func constraintsAreForgottenWithTheirOwnersPrompts() throws {
    let engine = try engine()
    defer { engine.shutdown() }
    for owner in ["me", "you"] {
      _ = try engine.constraints.constraint(ConstraintSource(.text("a")), owner: owner)
    }
    engine.forget(owner: "me")
    #expect(engine.constraints.count == 1)
  }

  @Test
  func whatWasFoundOutAboutAConstraintIsKeptWithItAndCounted() throws {
    let engine = try engine()
    defer { engine.shutdown() }
    let cache = engine.constraints
    let source = ConstraintSource(.schema(["type": "string"]))
    let constraint = try cache.constraint(source, owner: "me")
    let before = cache.byteCount
    let tree = engine.model.tokenTrees.tree(of: engine.model.tokenizer)
    let runtime = ConstraintRuntime.shared(constraint, tree)
    _ = try runtime.mask(for: runtime.start, room: 9)
    #expect(cache.byteCount > before)
    #expect(
      ConstraintRuntime.shared(try cache.constraint(source, owner: "me"), tree) === runtime)
  }

  /// What follows a letter is another part of the constraint for each, so that masks take more
  /// steps than an answer of one letter alone.
  private func constraintWithoutStepsForMasks(_ engine: Engine, _ id: Int32) -> Constraint? {
    let tree = engine.model.tokenTrees.tree(of: engine.model.tokenizer)
    for steps in 1...4_000 {
      var limits = ConstraintLimits()
      limits.runningSteps = steps
      let constraint = try? Constraint.expression(
        "A*(t[a-z]1|h[a-z]2|i[a-z]3|e[a-z]4|a[a-z]5|r[a-z]6|o[a-z]7|n[a-z]8)?", limits: limits)
      guard let constraint else { continue }
      let runtime = ConstraintRuntime(constraint, tree)
      let start = runtime.start
      guard (try? runtime.fewestTokens(from: start)) == 0,
        (try? runtime.mask(for: start, room: 5)) == nil,
        (try? runtime.advance(start, by: id)) == start
      else { continue }
      return constraint
    }
    return nil
  }

  @Test
  func aMaskThatCannotBeFoundEndsTheAnswerWithItsError() async throws {
    let engine = try engine()
    defer { engine.shutdown() }
    let id = try #require(engine.model.tokenizer.id(ofToken: "A"))
    let constraint = try #require(constraintWithoutStepsForMasks(engine, id))
    var request = GenerationRequest(prompt: [217, 77, 137])
    request.constraint = constraint
    request.maxTokens = 5
    request.sampling.logitBias = [id: 1_000]
    let constrained = request
    let error = await #expect(throws: ConstraintError.self) {
      try await answer(engine, constrained)
    }
    #expect(error?.code == .tooComplex)
  }
}
