// A model whose way of splitting text is not known: an error that says so, and the option.

import Foundation
import TestSupport
import Testing

@Suite struct PreTokenizerOptionTests {
  static let tiny = ProjectFixtures.root + "/architectures/llama.gguf"

  /// Calls `body` with the path of a model that names a pre-tokenizer of the future.
  private func withUnknown<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    try await TemporaryFolder.with { folder in
      var data = Data(try ProjectFixtures.bytes("architectures/llama.gguf"))
      let key = try #require(data.range(of: Data("tokenizer.ggml.pre".utf8)))
      let value = try #require(data[key.upperBound...].range(of: Data("gpt-2".utf8)))
      data.replaceSubrange(value, with: Data("gpt-9".utf8))
      let path = folder + "/model.gguf"
      try data.write(to: URL(fileURLWithPath: path))
      return try await body(path)
    }
  }

  @Test(arguments: [["tokenize"], ["run", "--raw", "-p", "x", "-n", "1"]])
  func `an unknown pre-tokenizer is named, and so is the option`(_ command: [String]) async throws {
    try await withUnknown { path in
      let outcome = try await Program.apus([command[0], path] + command.dropFirst(), input: "x")
      #expect(outcome.status == 1)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      for word in ["'gpt-9'", "--pre-tokenizer", "llama-bpe"] {
        #expect(outcome.errors.contains(word), "\(outcome.errors)")
      }
    }
  }

  @Test func `the option takes the place of what the file says`() async throws {
    let text = "Hello, it's 12345 o'clock\n  now"
    let expected = try await Program.apus("tokenize", Self.tiny, input: text)
    try await withUnknown { path in
      let chosen = try await Program.apus(
        "tokenize", path, "--pre-tokenizer", "gpt-2", input: text)
      #expect(chosen.status == 0, "\(chosen.errors)")
      #expect(chosen.text == expected.text)
      let run = try await Program.apus(
        "run", path, "--raw", "-p", "x", "-n", "1", "--pre-tokenizer", "qwen2")
      #expect(run.status == 0, "\(run.errors)")
    }
    let unknown = try await Program.apus("tokenize", Self.tiny, "--pre-tokenizer", "nosuch")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("'nosuch'"))
  }
}
