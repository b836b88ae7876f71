// Hostile files as models: refused by an error of one line that names the file, or harmless.

import FoundationEssentials
import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct HostileModelTests {
  /// What `malformed/index.json` says of a file.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    enum Expectation: String, Decodable {
      case reject
      case noCrash = "no-crash"
      case load
    }

    let file: String
    let what: String
    let expect: Expectation

    var testDescription: String { file }
  }

  static let cases = (try? ProjectFixtures.json("malformed/index.json", as: [Case].self)) ?? []

  @Test("The fixtures are there")
  func fixturesArePresent() { #expect(Self.cases.count == 270) }

  @Test("A hostile file is refused by an error of one line, or runs", arguments: cases)
  func hostileFilesDoNoHarm(item: Case) throws {
    let path = ProjectFixtures.root + "/malformed/" + item.file
    var isRefused = false
    try Self.loadAndExercise(path) { _ in isRefused = true }
    #expect(item.expect != (isRefused ? .load : .reject), "\(item.what)")
  }

  /// Loads a model and uses it, or gives the message of the error that refuses it, once it is known
  /// to be of one line, typed, and about this file.
  static func loadAndExercise(_ path: String, refused: (String) throws -> Void) throws {
    var options = ModelOptions()
    options.threadCount = 1
    let model: Model
    do {
      model = try Model.load(path, options: options)
    } catch {
      let message = "\(error)"
      #expect(message.contains(path), "\(message)")
      #expect(!message.contains { $0.isNewline }, "\(message)")
      #expect(isTyped(error), "\(type(of: error))")
      return try refused(message)
    }
    exercise(model)
  }

  @Test("Flipped bits and cut ends do no harm", arguments: 0..<8)
  func randomDamageDoesNoHarm(seed: UInt64) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/apus-damage-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/model.gguf"
    let valid = try ProjectFixtures.bytes("malformed/valid.gguf")
    var random = SeededGenerator(seed: seed)
    var options = ModelOptions()
    options.threadCount = 1
    var loadedCount = 0
    for _ in 0..<100 {
      var damaged = valid
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 4..<valid.count, using: &random)
        damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if UInt8.random(in: 0..<4, using: &random) == 0 {
        damaged.removeLast(Int.random(in: 0..<valid.count, using: &random))
      }
      try Data(damaged).write(to: URL(fileURLWithPath: path))
      if let model = try? Model.load(path, options: options) {
        loadedCount += 1
        Self.exercise(model)
      }
    }
    #expect((1..<100).contains(loadedCount))
  }

  @Test(
    "No number of layers makes a plan of quantization trap", arguments: QuantizationMix.allCases)
  func hostileLayers(mix: QuantizationMix) throws {
    var variant = ModelVariant()
    for layer in ["9000000000000000000", "9223372036854775807", "99999999999999999999"] {
      for kind in ["ffn_down", "attn_v", "attn_output"] {
        variant.added["blk.\(layer).\(kind).weight"] = ([256, 2], Array(repeating: 1, count: 512))
      }
    }
    for count: GGUFValue in [.uint64(1 << 62), .int64(.max), .int64(.min), .uint32(0)] {
      variant.metadata["llama.block_count"] = .value(count)
      try TemporaryFolder.with { folder in
        try variant.write(TinyModel(name: "llama").file(), to: folder + "/model.gguf")
        let file = try GGUFFile(path: folder + "/model.gguf")
        #expect(try ModelQuantizer(file, mix: mix).plans.count == file.tensors.count)
      }
    }
  }

  /// In a process of its own, because the largest amount of memory is the whole process's.
  @Test("What a file lacks takes no memory, however large the file says it is")
  func absentTensorsTakeNoMemory() async {
    await #expect(processExitsWith: .success) {
      let file = try TinyModel(name: "mamba").file()
      var variant = ModelVariant()
      variant.removed = Set(file.tensors.map(\.name)).subtracting(["token_embd.weight"])
      for index in 0..<8 { variant.added["x\(index)"] = ([1], [0]) }
      // A convolution of 256 MiB a layer.
      for (key, value): (String, UInt32) in [
        ("block_count", 8), ("ssm.inner_size", 1 << 20), ("ssm.conv_kernel", 64),
        ("ssm.state_size", 8),
      ] { variant.metadata["mamba." + key] = .value(.uint32(value)) }
      try TemporaryFolder.with { folder in
        try variant.write(file, to: folder + "/model.gguf")
        var options = ModelOptions()
        options.threadCount = 1
        let before = ProcessMemory.residentBytes
        let error = #expect(throws: ModelError.self) {
          try Model.load(folder + "/model.gguf", options: options)
        }
        let growth = ProcessMemory.peakBytes - before
        precondition(error?.code == .missingTensor, "\(error?.description ?? "")")
        precondition(error?.description.contains("blk.0.ssm_conv1d.weight") == true)
        precondition(growth < 64 << 20, "\(growth) bytes")
      }
    }
  }

  /// Errors that callers can switch on.
  private static func isTyped(_ error: any Error) -> Bool {
    switch error {
    case is GGUFError, is FileError, is ModelError, is TokenizerError, is TemplateError,
      is AllocationError:
      true
    default: false
    }
  }

  /// Does with a model what a server does: texts, tokens, templates, logits.
  private static func exercise(_ model: Model) {
    _ = try? model.prompt([.user("Hello <s> \u{0} é")])
    let text = model.tokenizer.encode("Hello, wörld", parsingSpecial: true, addingSpecial: true)
    _ = model.tokenizer.text(of: text.first ?? 0)
    guard let session = try? Session(model) else { return }
    let tokens = [0, 5, 200, 261].map { Int32(min($0, model.info.vocabularyCount - 1)) }
    try? session.evaluateHidden(tokens) { _ in }
    session.reset()
    let logits = try? session.evaluate(tokens, logits: .all)
    #expect((logits?.count ?? 0) % model.info.vocabularyCount == 0)
  }
}
