// apus promises: what can be promised because software keeps it.

import ArgumentParser
import JSON
import Metering

struct Promises: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what an operator can promise, and which of it a test of this program proves.",
    discussion: """
      A proved promise has a test of its number: swift test --filter 'promise 7:' runs that of the \
      seventh.
      """)

  @OptionGroup var output: MeterOutput

  func run() throws {
    output.show(
      Promise.all.map {
        [
          "number": .integer(Int64($0.number)), "proved": .bool($0.isProved),
          "test": $0.suite.map { .string($0) } ?? .null,
          "promise": .string($0.text),
        ]
      }, ifNone: "")
  }
}
