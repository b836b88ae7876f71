// apus promises: what can be promised because software keeps it.

import ArgumentParser
import Foundation
import JSON
import Metering

struct Promises: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what an operator can promise, and which test of this program proves each.",
    discussion: """
      When a promise was last proved, and at which commit, is known where 'scripts/test' has run: it \
      notes that beside the program, in promises.json (APUS_PROMISES names another file). One is \
      proved again by: scripts/test --filter 'promise 7:'
      """)

  @OptionGroup var output: MeterOutput

  func run() throws {
    let proofs = try Self.proofs()
    output.show(
      Promise.all.map { promise in
        let proof = proofs["\(promise.number)"]
        return [
          "number": .integer(Int64(promise.number)),
          "test": .string(promise.suite),
          "passed": proof?["passed"] ?? .null, "commit": proof?["commit"] ?? .null,
          "promise": .string(promise.text),
        ]
      }, ifNone: "")
  }

  /// What the last runs of the tests have proved, by number; empty where none is known.
  private static func proofs() throws -> JSONObject {
    let named = ProcessInfo.processInfo.environment["APUS_PROMISES"]
    let beside = Bundle.main.executableURL?.deletingLastPathComponent()
      .appendingPathComponent("promises.json").path
    guard let path = named ?? beside, let text = FileManager.default.contents(atPath: path) else {
      return [:]
    }
    guard let proofs = try? JSONValue.parse([UInt8](text)).objectValue else {
      throw CommandError(
        .unusableInput, "'\(path)' is not what 'scripts/test' notes: remove it, or run that again")
    }
    return proofs
  }
}
