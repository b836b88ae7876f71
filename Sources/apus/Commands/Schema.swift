// apus schema: what becomes of a JSON Schema.

import ArgumentParser
import Constraints
import JSON

struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at JSON Schemas that answers shall satisfy.",
    subcommands: [SchemaCheck.self, SchemaJudge.self])
}

struct SchemaCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Tell keyword by keyword what of a JSON Schema is enforced and what is refused.",
    discussion: """
      A line for each keyword: what becomes of it, and its JSON pointer; what is refused, with the \
      reason. The exit code is 1 where the schema cannot be used. Example:
        apus schema check tool.json
      """)

  @Argument(help: "A file with a JSON Schema, or - for standard input.")
  var file: String

  @Flag(help: "Take format as a remark, which is what the standard says, and enforce no formats.")
  var annotateFormats = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    var options = SchemaOptions()
    options.assertsFormats = !annotateFormats
    let report = try SchemaReport(InputFile.text(file), options: options)
    if json { write(report) } else { show(report) }
    if !report.isUsable { throw ExitCode.failure }
  }

  private func show(_ report: SchemaReport) {
    for entry in report.entries {
      let (word, reason) = Self.words(entry.outcome)
      Terminal.writeLine(
        word + String(repeating: " ", count: 10 - word.count) + entry.pointer.shown
          + (reason.map { "  " + $0 } ?? "").shown)
    }
    if let problem = report.problem { Terminal.note("The schema cannot be used: \(problem)") }
  }

  private func write(_ report: SchemaReport) {
    let keywords = report.entries.map { entry -> JSONValue in
      let (word, reason) = Self.words(entry.outcome)
      return [
        "pointer": .string(entry.pointer), "outcome": .string(word),
        "reason": reason.map { .string($0) } ?? .null,
      ]
    }
    let document: JSONValue = [
      "usable": .bool(report.isUsable),
      "problem": report.problem.map { .string("\($0)") } ?? .null, "keywords": .array(keywords),
    ]
    Terminal.writeLine(document.serialized(.pretty))
  }

  /// What became of a keyword, and why it is refused.
  private static func words(_ outcome: SchemaReport.Outcome) -> (word: String, reason: String?) {
    switch outcome {
    case .enforced: ("enforced", nil)
    case .annotation: ("remark", nil)
    case .unused: ("unused", nil)
    case .refused(let reason): ("refused", reason)
    }
  }
}

struct SchemaJudge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge",
    abstract: "Tell of texts whether they may be answers under JSON Schemas.",
    discussion: """
      Reads lines of JSON from standard input, {"schema": …, "texts": ["…"], "formats": true}, and \
      writes a line for each: {"accepted": [true], "milliseconds": 1.5}, or {"refused": "…"} where \
      the schema cannot be used. Benchmarks/schema_suite works with it.
      """)

  func run() throws {
    while let line = readLine() {
      let request = try JSONValue.parse(line)
      var options = SchemaOptions()
      options.assertsFormats = request["formats"]?.boolValue ?? true
      let start = ContinuousClock.now
      do {
        let constraint = try Constraint.schema(request["schema"] ?? true, options: options)
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        let accepted = try (request["texts"]?.arrayValue ?? []).map { text in
          JSONValue.bool(try constraint.accepts(text.stringValue ?? ""))
        }
        let answer: JSONValue = ["accepted": .array(accepted), "milliseconds": .number(time)]
        Terminal.writeLine(answer.serialized())
      } catch {
        let answer: JSONValue = ["refused": .string("\(error)")]
        Terminal.writeLine(answer.serialized())
      }
    }
  }
}
