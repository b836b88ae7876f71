// The commands of Documentation/operating.md, run as they stand there.

import Foundation
import TestSupport
import Testing

@Suite struct OperatingGuideTests {
  /// Words in place of which the reader has to put their own.
  private static let placeholders = ["CERT", "INVOICE", "SENDMAIL", "RECEIPT", "FOLDER"]

  /// The lines of all blocks of commands, in order.
  private static func commands() throws -> [Substring] {
    let guide = try String(
      contentsOfFile: Fixtures.packageRoot + "/Documentation/operating.md", encoding: .utf8)
    let blocks = guide.split(separator: "```sh\n").dropFirst()
    return blocks.flatMap { block -> [Substring] in
      block.split(separator: "```")[0].split(separator: "\n")
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func `from an empty machine to a bill every command does as it stands`() async throws {
    let commands = try Self.commands()
    #expect(commands.count > 25)
    try await TemporaryFolder.with { folder in
      for command in commands {
        if Self.placeholders.contains(where: { command.contains($0) }) { continue }
        let outcome = try await Program.run(
          "/bin/bash",
          ["-c", "cd \(folder) && apus() { '\(Program.path)' \"$@\"; }; \(command)"],
          environment: ["APUS_DATA": folder + "/data"])
        #expect(outcome.status == 0, "\(command): \(outcome.errors)")
      }
    }
  }
}
