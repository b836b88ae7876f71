// What apus template writes, and what it says of templates and contexts that are none.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct TemplateCommandTests {
  static let tiny = ProjectFixtures.root + "/architectures/llama.gguf"

  /// Writes `source` to a file and calls `body` with its path.
  private func withTemplate<Value>(
    _ source: String, _ body: (String) async throws -> Value
  ) async throws -> Value {
    try await TemporaryFolder.with { folder in
      let path = folder + "/chat.jinja"
      try Data(source.utf8).write(to: URL(fileURLWithPath: path))
      return try await body(path)
    }
  }

  @Test func `the text is printed as it is, with nothing after it`() async throws {
    try await withTemplate("{{ messages[0].content }}|{{ more }}\n") { path in
      let outcome = try await Program.apus(
        "template", "--template", path,
        input: #"{"messages": [{"role": "user", "content": "Äpfel <b>\n"}], "more": [1, true]}"#)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.text == "Äpfel <b>\n|[1, True]")
    }
  }

  @Test func `a built-in template is known by its name`() async throws {
    let outcome = try await Program.apus(
      "template", "--template", "chatml",
      input: #"{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": true}"#)
    #expect(outcome.text == "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n")
  }

  @Test func `an array is the messages alone`() async throws {
    let outcome = try await Program.apus(
      "template", "--template", "chatml", input: #"[{"role": "user", "content": "a"}]"#)
    #expect(outcome.text == "<|im_start|>user\na<|im_end|>\n", "\(outcome.errors)")
  }

  @Test func `a model without a template is not called a base model`() async throws {
    let outcome = try await Program.apus(
      "template", ProjectFixtures.root + "/architectures/bert.gguf", input: "{}")
    #expect(outcome.status == 1 && outcome.errors.contains("no chat template"))
    #expect(!outcome.errors.contains("base model"))
  }

  @Test func `a model's special tokens are there unless the context has them`() async throws {
    try await withTemplate("{{ bos_token }}+{{ eos_token }}") { path in
      let own = try await Program.apus("template", Self.tiny, "--template", path, input: "{}")
      #expect(own.status == 0, "\(own.errors)")
      #expect(own.text == "<|im_start|>+<|im_end|>")
      let given = try await Program.apus(
        "template", Self.tiny, "--template", path, input: #"{"bos_token": "B"}"#)
      #expect(given.text == "B+<|im_end|>")
    }
  }

  @Test func `each line gets a line, whatever is wrong with it`() async throws {
    try await withTemplate("{{ a.b }}{{ raise_exception('no ' ~ a.c) if a.c }}") { path in
      let outcome = try await Program.apus(
        "template", "--template", path, "--jsonl",
        input: """
          {"a": {"b": "\\u2028ß\\n"}}
          {"a": {"c": "luck"}}
          {"z": 1}
          [1]
          {

          {"a": {"b": 2}}
          """)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let answers = try outcome.text.split(separator: "\n").map { try JSONValue.parse($0) }
      #expect(answers.count == 7)
      #expect(answers[0]["text"] == "\u{2028}ß\n")
      #expect(answers[1]["error"]?.stringValue?.contains("line 1, column ") == true)
      for answer in answers[1...5] {
        #expect(answer["text"] == nil && answer["error"]?.stringValue?.isEmpty == false)
      }
      #expect(answers[6]["text"] == "2")
    }
  }

  @Test func `a template that cannot be read is an error for each line`() async throws {
    try await withTemplate("{% if %}") { path in
      let lines = try await Program.apus(
        "template", "--template", path, "--jsonl", input: "{}\n{}\n")
      #expect(lines.status == 0)
      #expect(lines.text.split(separator: "\n").count == 2)
      let whole = try await Program.apus("template", "--template", path, input: "{}")
      #expect(whole.status == 1)
      #expect(whole.output.isEmpty)
      #expect(whole.errorLines.count == 1)
    }
  }

  @Test(arguments: [
    ("2026-07-26T12:00:00", "26 Jul 2026 12:00:00"),
    ("2024-02-29T23:59:01", "29 Feb 2024 23:59:01"),
    ("0001-01-01T00:00:00", "01 Jan 0001 00:00:00"),
  ]) func `strftime_now sees the time that is given`(time: String, text: String) async throws {
    try await withTemplate("{{ strftime_now('%d %b %Y %H:%M:%S') }}") { path in
      let outcome = try await Program.apus(
        "template", "--template", path, "--now", time, input: "{}")
      #expect(outcome.text == text)
    }
  }

  @Test(arguments: [
    "2026-07-26", "2026-13-01T00:00:00", "2026-02-29T00:00:00", "2026-07-26T24:00:00",
    "2026-07-26T12:00:00Z", "2026-07-26 12:00:00", "2026-7-26T12:00:00", "+026-07-26T12:00:00",
    "noon", "",
  ]) func `a time that is none is refused`(time: String) async throws {
    let outcome = try await Program.apus("template", "--template", "chatml", "--now", time)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("2026-07-26T12:00:00"))
  }

  @Test func `what is missing is named in one line`() async throws {
    let neither = try await Program.apus("template", input: "{}")
    #expect(neither.status == 64)
    #expect(neither.errors.contains("--template"))
    let base = try await Program.apus("template", Self.tiny, input: "{}")
    #expect(base.status == 1)
    #expect(base.errors.contains("no chat template"))
    let noFile = try await Program.apus("template", "--template", "/nonexistent", input: "{}")
    #expect(noFile.status == 1)
    #expect(noFile.errorLines.count == 1)
    let noObject = try await Program.apus("template", "--template", "chatml", input: "1")
    #expect(noObject.status == 1)
    #expect(noObject.errors.contains("JSON object"))
  }
}

/// The golden renderings, through the program.
@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence)) struct TemplateRenderingTests {
  @Test func `every golden rendering is printed and every golden error is one`() async throws {
    let rows = try Fixtures.bytes("templates/renderings.jsonl").split(separator: 0x0A)
      .map { try JSONValue.parse($0) }
    var count = 0
    for (template, rows) in Dictionary(grouping: rows, by: { $0["template"]?.stringValue ?? "" }) {
      let lines = rows.map { ($0["context"]?.serialized() ?? "") + "\n" }.joined()
      let outcome = try await Program.apus(
        "template", "--template", "\(Fixtures.root)/templates/\(template).jinja", "--jsonl",
        "--now", "2026-07-26T12:00:00", input: lines)
      let answers = try outcome.text.split(separator: "\n").map { try JSONValue.parse($0) }
      #expect(answers.count == rows.count, "\(template): \(outcome.errors)")
      for (row, answer) in zip(rows, answers) {
        count += 1
        #expect(answer["text"] == row["text"], "\(template) \(row["case"]?.stringValue ?? "")")
        #expect((answer["error"] == nil) == (row["error"] == nil))
      }
    }
    #expect(count == 672)
  }
}
