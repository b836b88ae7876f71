// apus bench: how fast a model is read and written, told as llama-bench tells it.

import ArgumentParser
import Foundation
import TensorCore
import Transformer

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure tokens per second, prefill and decode apart.",
    discussion: """
      ppN reads N random tokens at once, tgN writes N tokens one by one, each from an empty memory \
      (or one of so many tokens as -d says) after one run that does not count. Columns and JSON keys are those of llama-bench.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case md, json, csv }

  @OptionGroup var model: ModelArgument
  @OptionGroup var engine: EngineArguments

  @Option(
    name: [.customShort("p"), .customLong("n-prompt")],
    help: "Tokens to read at once; 0 leaves the test out.")
  var promptCount = 512

  @Option(
    name: [.customShort("n"), .customLong("n-gen")],
    help: "Tokens to write one by one; 0 leaves the test out.")
  var generatedCount = 128

  @Option(
    name: [.customShort("d"), .customLong("n-depth")],
    help: "Tokens that are in the context before; reading them is not timed.")
  var depth = 0

  @Option(name: [.short, .long], help: "Runs that count.")
  var repetitions = 5

  @Flag(help: "Measure one thing instead: from the start of loading to the logits of one token.")
  var firstToken = false

  @Option(name: [.short, .long], help: "How to print: md, json or csv.")
  var output = Format.md

  func validate() throws {
    guard promptCount >= 0, generatedCount >= 0, max(promptCount, generatedCount) > 0 else {
      throw ValidationError("-p and -n take numbers of 0 or more, and not 0 both.")
    }
    guard depth >= 0 else { throw ValidationError("-d takes a number of 0 or more.") }
    guard max(promptCount, generatedCount, depth) <= 1 << 24 else {
      throw ValidationError("-p, -n and -d take numbers of 16777216 at most.")
    }
    guard repetitions >= 1 else { throw ValidationError("-r takes a number above 0.") }
  }

  func run() async throws {
    try await onOwnThread { try firstToken ? measureFirstToken() : measure() }
  }

  private func measureFirstToken() throws {
    let path = try LocatedModel.find(model.model).path
    let start = ContinuousClock.now
    let loaded = try engine.load(path, contextLength: 512)
    try Session(loaded, contextLength: 512).evaluate([0], logits: .last) { _ in }
    let nanoseconds = (ContinuousClock.now - start) / .nanoseconds(1)
    switch output {
    case .md: Terminal.writeLine(String(format: "first token after %.1f ms", nanoseconds / 1e6))
    case .json: Terminal.writeLine("{\"first_token_ns\": \(Int(nanoseconds))}")
    case .csv: Terminal.writeLine("first_token_ns\n\(Int(nanoseconds))")
    }
  }

  private func measure() throws {
    let located = try LocatedModel.find(model.model)
    let longest = depth + max(promptCount, generatedCount)
    let loaded = try engine.load(located.path, contextLength: longest)
    let bench = SpeedTest(
      model: loaded, session: try Session(loaded, contextLength: longest),
      depth: depth, repetitions: repetitions)
    var results: [SpeedTest.Result] = []
    if promptCount > 0 { results.append(try bench.prefill(promptCount)) }
    if generatedCount > 0 { results.append(try bench.decode(generatedCount)) }
    let report = BenchReport(
      info: loaded.info, path: located.path,
      threadCount: engine.threads ?? Processor.usableThreads.count, results: results)
    switch output {
    case .md: Terminal.writeLine(report.markdown)
    case .json: Terminal.writeLine(report.json)
    case .csv: Terminal.writeLine(report.csv)
    }
  }
}
