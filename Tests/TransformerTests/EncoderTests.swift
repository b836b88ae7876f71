// Models that turn texts into vectors, against exact states of tiny ones.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct EncoderTests {
  @Test("Hidden states and vectors are those of the reference", arguments: TinyModel.encoders)
  func states(model: TinyModel) async throws { try await compare(model) }

  @Test(
    "Families that share a recipe have the reference's states too",
    .enabled(if: Fixtures.isPresent, Fixtures.absence), arguments: TinyModel.otherEncoders)
  func statesOfOthers(model: TinyModel) async throws { try await compare(model) }

  private func compare(_ model: TinyModel) async throws {
    let tokens = try model.description().tokens
    let golden = try model.golden("embd")
    let vector = try model.golden("pooled")
    for (format, exact, tolerance) in [
      (KeyValueFormat.F32, false, ArchitectureTests.tolerance),
      (.F32, true, ArchitectureTests.tolerance),
      (.F16, false, ArchitectureTests.halfCacheTolerance),
      (.Q8_0, false, ArchitectureTests.byteCacheTolerance),
    ] {
      let loaded = try model.load(format, exact: exact)
      let states = try states(of: tokens, Session(loaded)).flatMap(\.self)
      #expect(states.count == golden.count)
      #expect(states.normalisedSquaredError(from: golden) <= tolerance, "\(format)")
      let engine = try Engine(loaded)
      let found = try await engine.embed(tokens)
      #expect(found.count == vector.count)
      #expect(found.normalisedSquaredError(from: vector) <= tolerance, "\(format)")
      engine.shutdown()
    }
  }

  private func states(of tokens: [Int32], _ session: Session) throws -> [[Float]] {
    var states: [[Float]] = []
    try session.evaluateHidden(tokens) { states.append($0) }
    return states
  }

  @Test(
    "A vector has the same bits whatever is computed beside it", arguments: TinyModel.encoders,
    [Pooling.mean, .first, .last])
  func neighbours(model: TinyModel, pooling: Pooling) async throws {
    let vocabulary = try GGUFFile(path: "\(model.folder)/\(model.name).gguf")
      .tensor(named: "token_embd.weight")!.shape[1]
    var random = SeededGenerator(seed: 3)
    let texts = [1, 2, 31, 32, 33, 64, 100, 190, 255, 256].map { count in
      (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    let session = try Session(model.load(.F16))
    let expected = try texts.map { text in
      let states = try states(of: text, session)
      switch pooling {
      case .first: return states[0].bits
      case .last: return states[states.count - 1].bits
      case .mean:
        return states[0].indices.map { column in
          Float(states.reduce(0.0) { $0 + Double($1[column]) } / Double(states.count)).bitPattern
        }
      }
    }
    for (threads, rows) in [(1, 2), (3, 400)] {
      var options = EngineOptions()
      options.rowLimit = rows
      let engine = try Engine(model.load(.F16, threads: threads), options: options)
      let found = try await withThrowingTaskGroup(of: (Int, [UInt32]).self) { tasks in
        for (index, text) in texts.enumerated() {
          tasks.addTask {
            (index, try await engine.embed(text, pooling: pooling, owner: "\(index % 3)").bits)
          }
        }
        return try await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      for (index, bits) in expected.enumerated() {
        #expect(found[index] == bits, "\(texts[index].count) tokens, \(rows) rows at once")
      }
      #expect(engine.statistics.usedMemoryBytes == 0)
      engine.shutdown()
    }
  }

  @Test("Weights of bytes give nearly the same, beside others too", arguments: TinyModel.encoders)
  func quantisedWeights(model: TinyModel) async throws {
    try await TemporaryFolder.with { folder in
      let path = folder + "/model.gguf"
      let pool = WorkerPool(threadCount: 1)
      try ModelQuantizer(model.file(), mix: .Q8_0).write(to: path, pool: pool) { _, _ in
      } progress: { _ in
      }
      var options = ModelOptions()
      options.threadCount = 2
      let session = try Session(Model.load(path, options: options))
      options.exact = true
      let exact = try Session(Model.load(path, options: options))
      options.exact = false
      let engine = try Engine(Model.load(path, options: options))
      var random = SeededGenerator(seed: 5)
      let texts = [3, 24, 200].map { count in
        (0..<count).map { _ in Int32.random(in: 0..<288, using: &random) }
      }
      try await withThrowingTaskGroup(of: (Int, [Float]).self) { tasks in
        for (index, text) in texts.enumerated() {
          tasks.addTask { (index, try await engine.embed(text, pooling: .last)) }
        }
        for try await (index, vector) in tasks {
          let states = try states(of: texts[index], session)
          #expect(vector.bits == states.last?.bits)
          let expected = try self.states(of: texts[index], exact).flatMap(\.self)
          #expect(
            states.flatMap(\.self).normalisedSquaredError(from: expected) <= Self.byteTolerance)
        }
      }
      engine.shutdown()
    }
  }

  /// Rounding of activations to 1/254 of the largest of 32 values, in each product of six layers.
  static let byteTolerance = 2e-3

  @Test("A file's pooling is taken where nobody asks for another")
  func filePooling() async throws {
    let model = TinyModel(name: "bert")
    let tokens = try model.description().tokens
    for (number, pooling): (UInt32, Pooling) in [(0, .mean), (1, .mean), (2, .first), (3, .last)] {
      let variant = ModelVariant(metadata: ["bert.pooling_type": .value(.uint32(number))])
      let engine = try Engine(load(model, variant))
      #expect(engine.model.info.pooling == pooling)
      #expect(try await engine.embed(tokens) == engine.embed(tokens, pooling: pooling))
      engine.shutdown()
    }
  }

  @Test("A decoder's file may ask for a vector of its own kind, or rank")
  func decoderPooling() throws {
    let width = try TinyModel(name: "qwen3").file().tensor(named: "output_norm.weight")!.shape[0]
    for (number, pooling): (UInt32, Pooling) in [(3, .last), (4, .mean)] {
      var variant = ModelVariant(metadata: ["qwen3.pooling_type": .value(.uint32(number))])
      variant.added["cls.output.weight"] = ([width, 2], Array(repeating: 1, count: 2 * width))
      #expect(try load(TinyModel(name: "qwen3"), variant).info.pooling == pooling)
    }
  }

  @Test("What is to write is refused")
  func writing() throws {
    let model = try TinyModel(name: "bert").load(.F16)
    let engine = try Engine(model)
    #expect(throws: EngineError.writesNothing(model: "fixture")) {
      try engine.generate(GenerationRequest(prompt: [1, 2]))
    }
    engine.shutdown()
    let error = #expect(throws: ModelError.self) {
      try Session(model).evaluate([1, 2], logits: .last)
    }
    #expect(error?.code == .unsupported)
  }

  @Test("A text fills the context, and no more")
  func lengths() async throws {
    let model = TinyModel(name: "bert")
    let engine = try Engine(model.load(.F16, contextLength: 40))
    let text = Array(repeating: Int32(7), count: 41)
    await #expect(throws: EngineError.promptTooLong(tokens: 41, contextLength: 40)) {
      try await engine.embed(text)
    }
    #expect(try await engine.embed(text.dropLast()).allSatisfy(\.isFinite))
    engine.shutdown()
    // Its learned positions are 256.
    #expect(try model.load(.F16, contextLength: 257).contextLength == 256)
    let session = #expect(throws: ModelError.self) {
      try Session(model.load(.F16), contextLength: 257)
    }
    #expect(session?.code == .badOption)
  }

  @Test("A vector that is not finite is an error")
  func notFinite() async throws {
    let model = TinyModel(name: "bert")
    let width = try model.file().tensor(named: "token_embd_norm.bias")!.elementCount
    let engine = try Engine(
      load(
        model,
        ModelVariant(
          added: [
            "token_embd_norm.bias": (
              [width], (0..<width).map { $0 == 3 ? Float.infinity : 0 }
            )
          ], removed: ["token_embd_norm.bias"])))
    await #expect(throws: EngineError.notFinite(model: "fixture")) {
      try await engine.embed([1, 2, 3])
    }
    engine.shutdown()
  }

  @Test("A session's next text is a text of its own")
  func nextText() throws {
    let session = try Session(TinyModel(name: "modern-bert").load(.F16))
    let first = try states(of: [1, 2, 3], session)
    _ = try states(of: [9, 8, 7, 6], session)
    #expect(try states(of: [1, 2, 3], session) == first)
  }

  @Test("Gate and up may lie in one tensor")
  func fusedGate() throws {
    let model = TinyModel(name: "jina-bert-v2")
    let file = try model.file()
    var variant = ModelVariant()
    for layer in 0..<2 {
      let names = ["gate", "up"].map { "blk.\(layer).ffn_\($0).weight" }
      let shape = file.tensor(named: names[1])!.shape
      variant.removed.formUnion(names)
      variant.added[names[1]] = (
        [shape[0], 2 * shape[1]], try names.flatMap { try file.floats($0) }
      )
    }
    let tokens = try model.description().tokens
    #expect(
      try states(of: tokens, Session(load(model, variant)))
        == states(of: tokens, Session(load(model, ModelVariant()))))
  }

  @Test("A block may have no gate")
  func plainBlock() throws {
    let model = TinyModel(name: "jina-bert-v2")
    let variant = ModelVariant(removed: ["blk.0.ffn_gate.weight", "blk.1.ffn_gate.weight"])
    let found = try states(of: [1, 2, 3], Session(load(model, variant)))
    #expect(found.allSatisfy { $0.allSatisfy(\.isFinite) })
    #expect(try states(of: [1, 2, 3], Session(load(model, ModelVariant()))) != found)
  }

  @Test("A norm around the mean stays one where a file names both, and SiLU may stand for GELU")
  func namedParts() throws {
    let model = TinyModel(name: "modern-bert")
    let tokens = try model.description().tokens
    func found(_ metadata: [String: GGUFContent]) throws -> [[Float]] {
      try states(of: tokens, Session(load(model, ModelVariant(metadata: metadata))))
    }
    let plain = try found([:])
    let root = "modern-bert.attention.layer_norm_rms_epsilon"
    #expect(try found([root: .value(.float32(1e-3))]) == plain)
    let key = "modern-bert.hidden_activation"
    #expect(try found([key: .value(.string("gelu"))]) == plain)
    #expect(try found([key: .value(.string("silu"))]) != plain)
    #expect(throws: ModelError.self) { try found([key: .value(.string("relu"))]) }
  }

  @Test(
    "A file that lacks something, or says what its family is not, is refused by name",
    arguments: [
      ("bert", "position_embd.weight", nil), ("bert", "token_embd_norm.weight", nil),
      ("nomic-bert", "blk.1.attn_output_norm.weight", nil),
      ("gemma-embedding-dense", "dense_3.weight", nil),
      ("bert", "bert.context_length", .uint32(255)), ("bert", "bert.pooling_type", .uint32(4)),
      ("bert", "bert.attention.causal", .bool(true)),
    ] as [(String, String, GGUFValue?)])
  func refusals(name: String, what: String, value: GGUFValue?) throws {
    var variant = ModelVariant()
    if let value { variant.metadata[what] = .value(value) } else { variant.removed = [what] }
    let error = #expect(throws: ModelError.self) { try load(TinyModel(name: name), variant) }
    #expect("\(error!)".contains(what.hasSuffix("context_length") ? "position_embd" : what))
  }

  @Test("A file without types or dense products has none")
  func optionalParts() throws {
    for (name, parts) in [
      ("bert", ["token_types.weight"]),
      ("gemma-embedding-dense", ["dense_2.weight", "dense_3.weight"]),
    ] {
      let model = TinyModel(name: name)
      let tokens = try model.description().tokens
      let states = try states(
        of: tokens, Session(load(model, ModelVariant(removed: Set(parts)))))
      #expect(states.flatMap(\.self).normalisedSquaredError(from: try model.golden("embd")) > 1e-4)
    }
  }

  private func load(_ model: TinyModel, _ variant: ModelVariant) throws -> Model {
    try TemporaryFolder.with { folder in
      try variant.write(model.file(), to: folder + "/model.gguf")
      var options = ModelOptions()
      options.threadCount = 1
      return try Model.load(folder + "/model.gguf", options: options)
    }
  }
}
