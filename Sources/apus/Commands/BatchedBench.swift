// apus batched-bench: throughput against the number of sequences, told as llama-batched-bench does.

import ArgumentParser
import Foundation
import JSON
import Tokenizer
import Transformer

struct BatchedBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batched-bench",
    abstract: "Measure tokens per second for several sequences at once.",
    discussion: """
      B sequences each read PP random tokens and then write TG tokens, one of each in every pass. \
      Columns are those of llama-batched-bench: N_KV counts all tokens, T are seconds, S tokens per \
      second. Numbers may be lists: -npl 1,2,4,8,16.
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var engine: EngineArguments

  @Option(
    name: .customLong("npp", withSingleDash: true), help: "Tokens that each sequence reads.")
  var promptCounts = CountList([128])

  @Option(
    name: .customLong("ntg", withSingleDash: true), help: "Tokens that each sequence writes.")
  var generatedCounts = CountList([128])

  @Option(name: .customLong("npl", withSingleDash: true), help: "Numbers of sequences.")
  var sequenceCounts = CountList([1, 2, 4, 8, 16])

  @Option(name: [.short, .long], help: "How to print: md, json or csv.")
  var output = Bench.Format.md

  func validate() throws {
    guard sequenceCounts.values.allSatisfy({ $0 <= 1024 }) else {
      throw ValidationError("-npl takes numbers from 1 to 1024.")
    }
  }

  func run() async throws {
    try await onOwnThread { try measure() }
  }

  private func measure() throws {
    let located = try LocatedModel.find(model.model)
    let longest = promptCounts.values.max()! + generatedCounts.values.max()!
    let loaded = try engine.load(located.path, contextLength: longest)
    if output != .json { Terminal.writeLine(BatchedSpeed.header(output)) }
    var objects: [JSONValue] = []
    for promptCount in promptCounts.values {
      for generatedCount in generatedCounts.values {
        for sequenceCount in sequenceCounts.values {
          let speed = try BatchedSpeed(
            loaded, promptCount: promptCount, generatedCount: generatedCount,
            sequenceCount: sequenceCount)
          if output == .json {
            objects.append(.object(speed.fields))
          } else {
            Terminal.writeLine(speed.line(output))
          }
        }
      }
    }
    if output == .json { Terminal.writeLine(JSONValue.array(objects).serialized(.pretty)) }
  }
}

/// Numbers above 0, separated by commas.
struct CountList: ExpressibleByArgument {
  let values: [Int]

  init(_ values: [Int]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.allSatisfy({ $0.map { (1...1 << 20).contains($0) } ?? false }) else { return nil }
    values = parts.compactMap { $0 }
  }

  var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
