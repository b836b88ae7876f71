// What a server owes its clients when it is told to stop, when it is killed, and under load.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.arePresent, RealModel.absence))
struct SurvivalTests {
  @Test(.timeLimit(.minutes(10)))
  func `SIGTERM under load loses no running answer`() async throws {
    try await TemporaryFolder.with { folder in
      let server = try await ServedProgram.start(in: folder, ["--set", "drain-seconds=300"])
      let outcome = try await python(
        "drain_client.py", "\(server.port)", "\(server.process.id)", RealModel.smol.name)
      #expect(outcome.status == 0, "\(outcome.errors)")
      // A script that failed early has told the server nothing.
      if outcome.status != 0 { server.process.terminate() }
      #expect(await server.process.ended() == 0)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a server that was killed comes back with its keys`() async throws {
    try await TemporaryFolder.with { folder in
      let made = try await Program.apus(
        "keys", "create", "--json", environment: ["APUS_DATA": folder + "/data"])
      let key = try #require(try JSONValue.parse(made.text)["key"]?.stringValue)
      for _ in 0..<2 {
        let server = try await ServedProgram.start(in: folder)
        let outcome = try await Program.run(
          "/usr/bin/env",
          [
            "curl", "--silent", "--show-error", "--fail", "--header",
            "Authorization: Bearer \(key)",
            "--header", "Content-Type: application/json", "--data",
            #"{"model":"\#(RealModel.smol.name)","prompt":"One","max_tokens":4}"#,
            "http://127.0.0.1:\(server.port)/v1/completions",
          ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        kill(server.process.id, SIGKILL)
        #expect(await server.process.ended() == 128 + SIGKILL)
        // The next one writes its log anew.
        try FileManager.default.removeItem(atPath: server.log)
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `polite clients get whole answers beside rude ones and idle connections`() async throws {
    let outcome = try await Program.run(
      "/usr/bin/env",
      [
        "python3", Fixtures.packageRoot + "/scripts/soak", "--minutes", "0.15", "--clients", "12",
        "--rude", "5", "--idle", "1000",
      ], environment: ["APUS_PROGRAM": Program.path])
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
  }

  private func python(_ script: String, _ arguments: String...) async throws -> Program.Outcome {
    try await Program.run(
      "/usr/bin/env", ["python3", Fixtures.packageRoot + "/Tests/Clients/" + script] + arguments)
  }
}
