// Whatever a person gives by mistake, the answer is one line that says what to do.

import Foundation
import TestSupport
import Testing

@Suite struct BadInputTests {
  /// A file that is no usable model, and what the message must hold.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes the model argument; a folder for files is given.
    let argument: @Sendable (String) throws -> String
    let words: [String]

    init(
      _ name: String, words: [String], _ argument: @escaping @Sendable (String) throws -> String
    ) {
      testDescription = name
      self.words = words
      self.argument = argument
    }
  }

  static let fixtures = ProjectFixtures.root
  static let speech = fixtures + "/speech/tiny-f16.bin"

  static let cases = [
    Case("a missing file", words: ["no such file"]) { $0 + "/nothing.gguf" },
    Case("a directory", words: ["directory"]) { $0 + "/" },
    Case("an empty file", words: ["empty"]) { try write(Data(), $0) },
    Case("a text file", words: ["not a GGUF file"]) {
      try write(Data("Once upon a time there was no model.\n".utf8), $0)
    },
    Case("a truncated model", words: ["incomplete", "download it again"]) {
      let model = try ProjectFixtures.bytes("architectures/llama.gguf")
      return try write(Data(model[..<(model.count / 2)]), $0)
    },
    Case("an unknown architecture", words: ["mambo", "gemma3", "llama"]) {
      // The first place of the name is the value of `general.architecture`.
      try write(renamed("mamba", "mamba", to: "mambo"), $0)
    },
    Case("an unknown type of tensor", words: ["type"]) {
      try write(patched("llama", after: "blk.0.attn_q.weight", offset: 4 + 16, with: 99), $0)
    },
    Case("missing tensors", words: ["blk.0.attn_q.weight"]) {
      try write(renamed("llama", "blk.0.attn_q.weight", to: "blk.0.attn_x.weight"), $0)
    },
    Case("a model that turns texts into vectors", words: ["bert", "writes none", "apus embed"]) {
      _ in fixtures + "/architectures/bert.gguf"
    },
    Case("an unknown name", words: ["gemma-3-270m", "did you mean"]) { _ in "gema-3-270m" },
  ]

  @Test(arguments: cases) func `a model that is none is a one-line error`(_ bad: Case) async throws
  {
    try await TemporaryFolder.with { folder in
      let outcome = try await Program.apus(
        "run", bad.argument(folder), "--raw", "-p", "x", "-n", "1")
      #expect(outcome.status == 1)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      for word in bad.words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    }
  }

  @Test func `a prompt longer than the context is a one-line error`() async throws {
    let outcome = try await Program.apus(
      "run", Self.fixtures + "/architectures/llama.gguf", "--raw", "--context", "8",
      "-p", String(repeating: "a b c d ", count: 20))
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("context"))
  }

  @Test func `a token outside of the vocabulary is a one-line error`() async throws {
    let outcome = try await Program.apus(
      "logits", Self.fixtures + "/architectures/llama.gguf", "--tokens", "1,99999999", "-o",
      Fixtures.packageRoot + "/.build/unwritten.f32")
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("99999999"))
  }

  @Test(
    arguments: [
      (["tokenize", "MODEL", "--decode"], "5 99999999", "99999999"),
      (["tokenize", "MODEL", "--decode", "--jsonl"], "[-1]", "-1"),
      (["perplexity", "MODEL", "-f", "-"], "", "standard input"),
      (["perplexity", "MODEL", "-f", "/"], "", "/ cannot be read: Is a directory"),
      (["run", "MODEL", "--raw", "--grammar-file", "/nowhere"], "", "No such file"),
      (["run", "MODEL", "--raw", "--json-schema", #"{"type":"x"}"#], "", "--json-schema"),
      (["run", "MODEL", "--raw", "--json-schema", "no.json"], "", "given as '@no.json'"),
      (["run", "MODEL", "--raw", "--regex", "["], "", "--regex"),
      (["run", "MODEL", "--raw"], " \n", "no prompt"),
      (["template", "--template", "chatml"], "5", #"{"messages": […]}"#),
      (["run", "MODEL", "--raw", "-p", "x", "--logit-bias", "99999999=1"], "", "99999999"),
      (["run", "MODEL", "--raw", "-p", "x", "--logit-bias=-1=1"], "", "token id -1"),
      (["run", speech, "--raw", "-p", "x"], "", "apus transcribe"),
      (["inspect", speech], "", "apus transcribe"),
      (["transcribe", "smollm2-135m-instruct", "-"], "", "a speech model's file"),
      (["embed", "MODEL"], "a\n\nb", "text 2 is empty"),
      (["embed", "MODEL", "--jsonl"], "a", "line 1"),
      (["embed", "MODEL", "--dimensions", "100000"], "a", "--dimensions"),
      (["embed", "MODEL"], "a\n" + String(repeating: "a b ", count: 10_000), "text 2 has"),
      (["serve", "MODEL", "--config", "/"], "", "/ cannot be read: Is a directory"),
    ] as [([String], String, String)])
  func `what cannot be used is named in one line`(
    arguments: [String], input: String, word: String
  ) async throws {
    let model = Self.fixtures + "/architectures/llama.gguf"
    let outcome = try await Program.apus(
      arguments.map { $0 == "MODEL" ? model : $0 }, input: input)
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains(word), "\(outcome.errors)")
  }

  /// Both kinds of files began with the same word.
  @Test func `a model of a time before GGUF is not taken for one that hears`() async throws {
    try await TemporaryFolder.with { folder async throws in
      let outcome = try await Program.apus(
        "serve", Self.fixtures + "/malformed/magic-5.gguf", "--port", "0",
        environment: ["APUS_DATA": folder])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("a model of a time before GGUF"), "\(outcome.errors)")
    }
  }

  /// Such bytes would be left out, or replaced, and nobody told.
  @Test(arguments: [
    ["tokenize", "MODEL"], ["tokenize", "MODEL", "--jsonl"], ["embed", "MODEL"],
    ["run", "MODEL", "--raw"],
  ]) func `an input that is no text is a one-line error`(_ arguments: [String]) async throws {
    let model = Self.fixtures + "/architectures/llama.gguf"
    let outcome = try await Program.run(
      Program.path, arguments.map { $0 == "MODEL" ? model : $0 },
      input: Data(Array("\"a".utf8) + [0xFF] + Array("\"\n".utf8)))
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("standard input is no text in UTF-8"), "\(outcome.errors)")
  }

  @Test func `an argument that is no text is a wrong command line`() async throws {
    let model = Self.fixtures + "/architectures/llama.gguf"
    let outcome = try await Program.run(
      "/bin/sh",
      ["-c", #"exec "$0" run "$1" --raw -p "$(printf 'a\377')" -n 1"#, Program.path, model])
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("Argument 5 is no text in UTF-8"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["nonsense"], ["run"], ["run", "m", "-n", "0"], ["bench", "m", "-r", "x"],
    ["serve", "m", "--port", "70000"], ["embed", "m", "--pooling", "none"],
    ["chat", "--temp", "-1"], ["logits", "m", "-o", "f"],
  ]) func `a wrong command line ends with 64`(_ arguments: [String]) async throws {
    let outcome = try await Program.apus(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }

  @Test(arguments: ["inspect", "tokenize"])
  func `no hostile file makes a command trap`(_ command: String) async throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures + "/malformed")
    for name in names.sorted() where name.hasSuffix(".gguf") {
      let outcome = try await Program.apus(
        command, Self.fixtures + "/malformed/" + name, input: "a text")
      #expect(outcome.status == 0 || outcome.status == 1, "\(name)")
    }
  }

  /// Puts `content` into a file of `folder` and gives its path.
  private static func write(_ content: Data, _ folder: String) throws -> String {
    let path = folder + "/model.gguf"
    try content.write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A model with one byte changed, `offset` bytes after a name.
  private static func patched(
    _ model: String, after name: String, offset: Int, with byte: UInt8
  ) throws -> Data {
    var data = Data(try ProjectFixtures.bytes("architectures/\(model).gguf"))
    let range = try #require(data.range(of: Data(name.utf8)))
    data[range.upperBound + offset] = byte
    return data
  }

  /// A model with a tensor renamed to something of the same length.
  private static func renamed(_ model: String, _ name: String, to other: String) throws -> Data {
    var data = Data(try ProjectFixtures.bytes("architectures/\(model).gguf"))
    let range = try #require(data.range(of: Data(name.utf8)))
    data.replaceSubrange(range, with: Data(other.utf8))
    return data
  }
}
