// Models in other formats, by the program.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct QuantizeTests {
  /// A model of random weights in F16.
  private func withModel(_ body: (_ folder: String, _ path: String) async throws -> Void)
    async throws
  {
    try await TemporaryFolder.with { folder in
      let path = folder + "/model.gguf"
      _ = try await Program.apus("bench-model", "tiny", path, "--type", "F16")
      try await body(folder, path)
    }
  }

  private func logits(_ path: String, _ folder: String) async throws -> [Float] {
    let output = folder + "/logits"
    let outcome = try await Program.apus("logits", path, "--tokens", "5,6,7,8,9", "-o", output)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: output))).floats
  }

  /// How far the logits of random weights may go, normalised squared error.
  @Test(arguments: [
    ("Q8_0", 0.001), ("Q6_K", 0.005), ("Q5_K_M", 0.02), ("Q5_1", 0.02), ("Q4_K_M", 0.06),
    ("iq4_xs", 0.08), ("Q4_0", 0.1), ("Q3_K_M", 0.25), ("Q2_K", 0.7),
  ])
  func `a quantized model answers nearly as the model did`(type: String, bound: Double)
    async throws
  {
    try await withModel { folder, path in
      let output = folder + "/quantized.gguf"
      let outcome = try await Program.apus("quantize", path, output, type)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1)
      let before = try await logits(path, folder)
      let after = try await logits(output, folder)
      #expect(after.normalisedSquaredError(from: before) < bound)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(Set(names) == ["model.gguf", "quantized.gguf", "logits"])
    }
  }

  @Test func `metadata is kept, but for the type`() async throws {
    try await withModel { folder, path in
      let output = folder + "/quantized.gguf"
      _ = try await Program.apus("quantize", path, output, "q5_k")
      func metadata(_ path: String) async throws -> JSONObject {
        let document = try JSONValue.parse(await Program.apus("inspect", path, "--json").text)
        return document["metadata"]?.objectValue ?? [:]
      }
      var (before, after) = (try await metadata(path), try await metadata(output))
      #expect(before["general.file_type"] == 1)
      #expect(after["general.file_type"] == 17)
      #expect(after["general.quantization_version"] == 2)
      before["general.file_type"] = nil
      after["general.file_type"] = nil
      #expect(before == after)
    }
  }

  @Test func `any number of threads writes the same file`() async throws {
    try await withModel { folder, path in
      var files: [Data] = []
      for threads in ["1", "3"] {
        let output = folder + "/\(threads).gguf"
        _ = try await Program.apus("quantize", path, output, "Q4_K_S", "-t", threads)
        files.append(try Data(contentsOf: URL(fileURLWithPath: output)))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func `rows that are no whole blocks take another format, and that is told`() async throws {
    try await TemporaryFolder.with { folder in
      let output = folder + "/quantized.gguf"
      let model = ProjectFixtures.root + "/architectures/llama.gguf"
      let outcome = try await Program.apus("quantize", model, output, "Q4_K_M")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("instead of Q4_K"))
      let bench = try await Program.apus("bench", output, "-p", "4", "-n", "1", "-r", "1")
      #expect(bench.status == 0, "\(bench.errors)")
    }
  }

  @Test func `what cannot be done is told in a line, and nothing is written`() async throws {
    try await withModel { folder, path in
      let original = try Data(contentsOf: URL(fileURLWithPath: path))
      let link = folder + "/link.gguf"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      let cases: [([String], String)] = [
        ([path, path, "Q4_0"], "the model itself"), ([path, link, "Q4_0"], "the model itself"),
        ([path, folder + "/x.gguf", "Q7_K"], "Q4_K_M"),
        ([path, folder, "Q4_0"], "no regular file"),
        ([folder + "/none.gguf", folder + "/x.gguf", "Q4_0"], "no such file"),
        ([path, folder + "/none/x.gguf", "Q4_0"], "make its folder first"),
      ]
      for (arguments, words) in cases {
        let outcome = try await Program.apus(["quantize"] + arguments)
        #expect(outcome.status != 0)
        #expect(outcome.errorLines.first?.contains(words) == true, "\(outcome.errors)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == original)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(Set(names) == ["model.gguf", "link.gguf"])
    }
  }

  @Test func `a weight that is no number is refused with its tensor's name`() async throws {
    try await withModel { folder, path in
      var data = try Data(contentsOf: URL(fileURLWithPath: path))
      // The last numbers are those of the last feed-forward matrix, in half precision.
      data[data.count - 1] = 0x7E
      let broken = folder + "/broken.gguf"
      try data.write(to: URL(fileURLWithPath: broken))
      let outcome = try await Program.apus("quantize", broken, folder + "/x.gguf", "Q8_0")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("blk.3.ffn_down.weight"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/x.gguf"))
    }
  }
}
