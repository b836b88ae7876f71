// What the commands print where they are asked for something sensible.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct CommandTests {
  static let tiny = ProjectFixtures.root + "/architectures/llama.gguf"

  @Test(arguments: [
    "chat", "run", "serve", "keys", "pull", "models", "inspect", "bench-model", "quantize",
    "tokenize", "template", "logits", "perplexity", "bench", "bench-kernels", "doctor", "meter",
    "promises", "embed", "transcribe",
  ]) func `every command has help that says what it does`(_ command: String) async throws {
    let outcome = try await Program.apus(command, "--help")
    #expect(outcome.status == 0)
    #expect(outcome.text.contains("OVERVIEW: "))
    #expect(outcome.text.contains("USAGE: apus \(command)"))
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"),
    arguments: ["--help", "help run", "run --help", "--version", "models"])
  func `what cannot be written is an error`(_ words: String) async throws {
    let outcome = try await Program.run(
      "/bin/sh", ["-c", "exec \"$0\" \(words) >/dev/full", Program.path])
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("standard output cannot be written"))
  }

  @Test func `the program's catalogue is the one in Models`() async throws {
    let data = try Data(
      contentsOf: URL(fileURLWithPath: Fixtures.packageRoot + "/Models/models.json"))
    let written = try #require(JSONValue.parse(Array(data))["models"]?.arrayValue)
    let listed = try JSONValue.parse(
      await Program.apus("models", "--json", environment: ["APUS_MODELS": "/nonexistent"]).text)
    #expect(listed.arrayValue?.count == written.count)
    for (model, listed) in zip(written, listed.arrayValue ?? []) {
      for key in ["name", "bytes", "sha256", "licence"] { #expect(model[key] == listed[key]) }
      #expect(listed["pulled"] == false)
    }
  }

  @Test func `inspect tells metadata and tensors`() async throws {
    let outcome = try await Program.apus("inspect", Self.tiny, "--tensors", "--json")
    let document = try JSONValue.parse(outcome.text)
    #expect(document["metadata"]?["general.architecture"] == "llama")
    #expect(document["tensor_count"] == 22)
    #expect(document["tensors"]?.arrayValue?.count == 22)
    #expect(document["formats"]?["F32"]?["tensors"] == 22)
  }

  @Test func `doctor names processor, threads and libraries`() async throws {
    let document = try JSONValue.parse(await Program.apus("doctor", "--json").text)
    for key in ["processor", "instruction_set", "threads_reason", "sqlite", "openssl"] {
      #expect(document[key]?.stringValue?.isEmpty == false, "\(key)")
    }
    #expect((document["threads"]?.intValue ?? 0) >= 1)
  }

  @Test func `bench prints llama-bench's keys and columns`() async throws {
    let arguments = ["bench", Self.tiny, "-p", "16", "-n", "4", "-r", "2"]
    let json = try JSONValue.parse(await Program.apus(arguments + ["-o", "json"]).text)
    #expect(json.arrayValue?.count == 2)
    #expect(json[0]?["n_prompt"] == 16)
    #expect(json[1]?["n_gen"] == 4)
    for key in ["model_filename", "model_type", "model_size", "model_n_params", "n_threads"] {
      #expect(json[0]?[key] != nil, "\(key)")
    }
    for key in ["avg_ns", "stddev_ns", "avg_ts", "stddev_ts"] {
      #expect(json[1]?[key]?.doubleValue != nil, "\(key)")
    }
    #expect(json[1]?["samples_ts"]?.arrayValue?.count == 2)
    let table = try await Program.apus(arguments).text.split(separator: "\n")
    #expect(table.count == 4)
    let columns = table[0].split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(columns == ["model", "size", "params", "backend", "threads", "test", "t/s"])
    let deep = try JSONValue.parse(
      await Program.apus(arguments + ["-d", "24", "-o", "json"]).text)
    #expect(deep[0]?["n_depth"] == 24)
    #expect(deep[1]?["test"] == "tg4 @ d24")
    let csv = try await Program.apus(arguments + ["-o", "csv"]).text.split(separator: "\n")
    #expect(csv.count == 3)
  }

  @Test func `embed prints a vector for each text`() async throws {
    let bert = ProjectFixtures.root + "/architectures/bert.gguf"
    func vectors(_ arguments: [String], _ input: String = "") async throws -> [[Double]] {
      let outcome = try await Program.apus(["embed", bert] + arguments, input: input)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try outcome.text.split(separator: "\n").map {
        try (JSONValue.parse(String($0)).arrayValue ?? []).map { $0.doubleValue ?? .nan }
      }
    }
    let lines = (1...70).map { "the \($0)" }
    let all = try await vectors([], lines.joined(separator: "\n") + "\n")
    #expect(all.count == lines.count)
    for vector in all {
      #expect(vector.count == 64)
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    }
    #expect(try await vectors(["--text", "the 70", "--text", "the 1"]) == [all[69], all[0]])
    #expect(try await vectors(["--jsonl"], #""the 3""# + "\n") == [all[2]])
    #expect(try await vectors([], "the 3\r\nthe \u{2028} 3\u{0C}\n").count == 2)
    let cut = try await vectors(
      ["--dimensions", "2", "--unnormalised", "--pooling", "cls"], "the 3")
    #expect(cut.count == 1 && cut[0].count == 2)
    let whole = try await vectors(["--unnormalised", "--pooling", "mean"], "the 3")
    let length = whole[0].reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (value, unit) in zip(whole[0], all[2]) { #expect(abs(value / length - unit) < 1e-6) }
    #expect(cut[0] != Array(whole[0].prefix(2)))
    // An encoder's context cannot be longer than it was trained for, which is 256.
    let long = try await Program.apus(
      ["embed", bert], input: String(repeating: "the ", count: 300))
    #expect(long.status == 1 && long.errors.contains("cut it"), "\(long.errors)")
    #expect(!long.errors.contains("--context"))
  }

  @Test func `a chat reads what is new and nothing twice`() async throws {
    let outcome = try await Program.apus(
      "chat", ProjectFixtures.root + "/architectures/llama.gguf", "--chat-template", "chatml",
      "-n", "4", "--temp", "0", "--system", String(repeating: "one two ", count: 8),
      input: "Hello.\n/stats\nHello.\n/stats\n")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let turns = outcome.errorLines.filter { $0.contains(" tokens read ") }
    #expect(turns.map { $0.contains(" known before") } == [false, true], "\(outcome.errors)")
  }

  @Test func `schema check prints JSON for programs`() async throws {
    let good = try await Program.apus(
      "schema", "check", "-", "--json", input: #"{"type": "string", "title": "a"}"#)
    #expect(good.status == 0, "\(good.errors)")
    let report = try JSONValue.parse(good.text)
    #expect(report["usable"] == true && report["problem"] == .null)
    let outcomes = report["keywords"]?.arrayValue?.map { $0["outcome"] }
    #expect(outcomes == ["enforced", "remark"], "\(good.text)")
    let bad = try await Program.apus("schema", "check", "-", "--json", input: #"{"type": "x"}"#)
    #expect(bad.status == 1)
    #expect(try JSONValue.parse(bad.text)["usable"] == false, "\(bad.text)")
  }

  @Test func `bench-kernels tells bytes and operations of each product`() async throws {
    let outcome = try await Program.apus(
      "bench-kernels", "--formats", "Q4_K,f16", "--shapes", "64x256", "--rows", "1,3", "-r", "2",
      "-t", "1", "--json")
    let results = try JSONValue.parse(outcome.text)
    #expect(results.arrayValue?.count == 4)
    #expect(results[0]?["format"] == "Q4_K")
    #expect(results[0]?["weight_bytes"] == 9472)
    #expect((results[3]?["operations_per_second"]?.doubleValue ?? 0) > 0)
    for wrong in ["--formats=Q9", "--shapes=64x100", "--rows=0"] {
      #expect(try await Program.apus("bench-kernels", wrong).status == 64)
    }
  }

  @Test func `keys are made, listed and revoked`() async throws {
    try await TemporaryFolder.with { folder in
      let environment = ["APUS_DATA": folder]
      let made = try JSONValue.parse(
        await Program.apus(
          "keys", "create", "--label", "laptop", "--rpm", "3", "--json", environment: environment
        ).text)
      let name = try #require(made["name"]?.stringValue)
      let secret = try #require(made["key"]?.stringValue)
      func listed() async throws -> JSONValue? {
        let text = try await Program.apus("keys", "list", "--json", environment: environment).text
        #expect(!text.contains(secret))
        return try JSONValue.parse(text)[0]
      }
      #expect(try await listed()?["requests_per_minute"] == 3)
      #expect(try await listed()?["state"] == "active")
      let revoked = try await Program.apus("keys", "revoke", name, environment: environment)
      #expect(revoked.status == 0, "\(revoked.errors)")
      #expect(try await listed()?["state"] == "revoked")
    }
  }
}
