// Models of random weights, made by the program and run by it.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct BenchModelTests {
  @Test(arguments: ["F16", "Q4_0", "Q4_K_M", "iq4_xs"])
  func `a model of random weights can be read, tokenized and run`(type: String) async throws {
    try await TemporaryFolder.with { folder in
      let path = folder + "/tiny.gguf"
      let made = try await Program.apus("bench-model", "tiny", path, "--type", type)
      #expect(made.status == 0, "\(made.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tiny.gguf"])
      let tokens = try await Program.apus("tokenize", path, input: "hello world")
      #expect(tokens.status == 0, "\(tokens.errors)")
      #expect(tokens.text.split(separator: " ").count > 2)
      let bench = try JSONValue.parse(
        await Program.apus("bench", path, "-p", "8", "-n", "2", "-r", "1", "-o", "json").text)
      #expect(bench.arrayValue?.count == 2)
      let logits = folder + "/logits"
      let outcome = try await Program.apus("logits", path, "--tokens", "1,2,3", "-o", logits)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let values = try [UInt8](Data(contentsOf: URL(fileURLWithPath: logits))).floats
      #expect(values.count == 3 * 2048)
      #expect(values.allSatisfy { $0.isFinite && abs($0) < 100 })
    }
  }

  @Test func `the same seed gives the same file, another seed another`() async throws {
    try await TemporaryFolder.with { folder in
      var files: [Data] = []
      for seed in ["7", "7", "8"] {
        let path = folder + "/\(files.count).gguf"
        _ = try await Program.apus("bench-model", "tiny", path, "--seed", seed)
        files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
      }
      #expect(files[0] == files[1])
      #expect(files[0] != files[2])
    }
  }

  @Test(arguments: [
    (["huge", "x.gguf"], "llama-3.2-1b"), (["tiny", "x.gguf", "--type", "Q9"], "Q4_K_M"),
    (["tiny", "/nonexistent/x.gguf"], "cannot be written"),
  ]) func `what cannot be made is told`(arguments: [String], words: String) async throws {
    let outcome = try await Program.apus(["bench-model"] + arguments)
    #expect(outcome.status != 0)
    #expect(outcome.errorLines.first?.contains(words) == true, "\(outcome.errors)")
  }
}
