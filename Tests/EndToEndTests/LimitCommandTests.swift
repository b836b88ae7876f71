// Limits as an operator sets and takes them away.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct LimitCommandTests {
  /// A rule without limits would hide the server's defaults.
  @Test func `the last limit is not taken away but for the defaults`() async throws {
    try await TemporaryFolder.with { folder async throws in
      func run(_ line: String) async throws -> Program.Outcome {
        try await Program.apus(
          line.split(separator: " ").map(String.init), environment: ["APUS_DATA": folder])
      }
      for line in [
        "meter account create lab --active", "meter limit set --account lab --rpm 5 --tpm 9",
        "meter limit set --account lab --no tpm",
      ] { #expect(try await run(line).status == 0, "\(line)") }
      let last = try await run("meter limit set --account lab --no rpm")
      #expect(last.status == 1 && last.errors.contains("--defaults"), "\(last.errors)")
      let kept = try JSONValue.parse(try await run("meter limit show --json").text)
      #expect(kept[0]?["limits"] == "rpm 5/5")
      // Something else may take its place.
      let other = try await run("meter limit set --account lab --no rpm --parallel 2")
      #expect(other.status == 0, "\(other.errors)")
      #expect(try await run("meter limit set --account lab --defaults").status == 0)
      #expect(try JSONValue.parse(try await run("meter limit show --json").text) == [])
    }
  }
}
