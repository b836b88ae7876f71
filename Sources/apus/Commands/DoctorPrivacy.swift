// apus doctor privacy: whether what people say stays in memory on this machine, and what of a request
// is kept.

import APIServer
import ArgumentParser
import JSON
import Metering

struct DoctorPrivacy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "privacy",
    abstract: "Check that what people say cannot reach a disk; fails where it could.",
    discussion: """
      It looks at a process with the settings that 'apus serve --privacy strict' gives itself; a \
      running server shows what holds for it at /status.json.
      """)
  @OptionGroup var output: MeterOutput

  func run() throws {
    ProcessProtection.ensureWiping(arguments: CommandLine.arguments)
    ProcessProtection.apply()
    let measures = ProcessProtection.measures()
    let profile = try Keys.withStore { $0.profile }
    var rows = measures.map { measure -> JSONObject in
      [
        "measure": .string(measure.name), "kept": .bool(measure.isKept),
        "found": .string(measure.finding),
        "remedy": measure.isKept ? .null : .string(measure.remedy),
      ]
    }
    rows.append([
      "measure": "metadata_profile", "kept": true,
      "found": .string("'\(profile.rawValue)' names what is kept of a request"), "remedy": .null,
    ])
    output.show(rows, ifNone: "")
    guard measures.allSatisfy(\.isKept) else { throw ExitCode.failure }
  }
}
