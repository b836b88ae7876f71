// apus meter doctor: whether the ledger is whole, and what is missing for a service.

import ArgumentParser
import JSON
import Metering

struct MeterDoctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check the whole ledger; fails where something is broken. Changes nothing.",
    discussion: "Whether memory can reach a disk is what 'apus doctor privacy' looks at.")
  @OptionGroup var output: MeterOutput

  func run() throws {
    try Keys.checkForLedger()
    let findings = try Keys.withStore { try $0.examine() }
    output.show(
      findings.map {
        [
          "subject": .string($0.subject), "state": .string($0.state.rawValue),
          "found": .string($0.text),
        ]
      }, ifNone: "")
    guard findings.allSatisfy({ $0.state != .broken }) else { throw ExitCode.failure }
  }
}
