// A server that scripts/start began, asked by the line that it prints and by OpenAI's own client.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.arePresent, RealModel.absence))
struct ServerTests {
  /// The folders that have client libraries, the second of litellm's with an older openai.
  static let clients = Fixtures.packageRoot + "/.build/clients"
  /// Clients that need an older openai than is tested, each in an environment of its own.
  static let olderClients = ["litellm", "frameworks"].map {
    (folder: Fixtures.packageRoot + "/.build/clients-\($0)", test: "test_\($0).py")
  }

  @Test func `the line that scripts start prints streams an answer`() async throws {
    try await withServer { server in
      let lines = server.said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      let first = try #require(lines.firstIndex { $0.hasPrefix("curl -N") })
      let command = lines[first].dropLast() + lines[first + 1]
      let answer = try await Program.run("/bin/bash", ["-c", String(command)])
      // On a busy machine comments that say "still working" come before the first token.
      let events = answer.text.split(separator: "\n\n").filter { !$0.hasPrefix(":") }
      #expect(events.allSatisfy { $0.hasPrefix("data: ") } && events.count > 2)
      #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
      let again = try await server.script("start")
      #expect(again.text.contains("running already"))
    }
  }

  @Test(
    .enabled(
      if: ([clients] + olderClients.map(\.folder)).allSatisfy {
        FileManager.default.fileExists(atPath: $0 + "/requirements.txt")
      },
      "needs the client libraries; scripts/prepare-clients installs them"))
  func `promise 1: unmodified clients are answered, limited and counted`() async throws {
    let keyLimits = [
      "APUS_KEY": 60_000, "APUS_LIMITED_KEY": 1, "APUS_PACED_KEY": 120, "APUS_HAMMER_KEY": 1,
    ]
    try await withServer(keyLimits: keyLimits) { server in
      var environment = server.environment
      environment["APUS_URL"] = server.address
      environment["APUS_MODEL"] = RealModel.smol.name
      let tests = Fixtures.packageRoot + "/Tests/Clients"
      let others = Self.olderClients.map { ($0.folder, [tests + "/" + $0.test]) }
      let ignored = others.flatMap { ["--ignore"] + $0.1 }
      for (folder, chosen) in [(Self.clients, [tests] + ignored)] + others {
        let outcome = try await Program.run(
          folder + "/bin/python", ["-m", "pytest", "-q", "-p", "no:cacheprovider"] + chosen,
          environment: environment)
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(!outcome.text.contains("skipped"), "\(outcome.text)")
      }
    }
  }

  /// What a test knows of its server.
  private struct Started {
    /// What scripts/start printed.
    let said: String
    let address: String
    let environment: [String: String]

    func script(_ name: String) async throws -> Program.Outcome {
      try await Program.run(
        "/bin/bash", [Fixtures.packageRoot + "/scripts/" + name], environment: environment)
    }
  }

  /// Starts a server with a data folder of its own and stops it after.
  ///
  /// - Parameter keyLimits: Keys to make, by the environment variable that names them.
  private func withServer(
    keyLimits: [String: Int] = [:], _ body: (Started) async throws -> Void
  ) async throws {
    try await TemporaryFolder.with { folder in
      var environment = [
        "APUS_DATA": folder + "/data", "APUS_STATE": folder + "/state",
        "APUS_PROGRAM": Program.path,
      ]
      for (name, limit) in keyLimits {
        let made = try await Program.apus(
          "keys", "create", "--json", "--rpm", "\(limit)", environment: environment)
        environment[name] = try JSONValue.parse(made.text)["key"]?.stringValue
      }
      let start = try await Program.run(
        "/bin/bash", [Fixtures.packageRoot + "/scripts/start"], environment: environment)
      #expect(start.status == 0, "\(start.errors)")
      let words = start.text.split { " \n".contains($0) }
      let address = try #require(words.first { $0.hasPrefix("http://127.0.0.1:") })
      let server = Started(
        said: start.text, address: String(address), environment: environment)
      let result: Result<Void, any Error>
      do { result = .success(try await body(server)) } catch { result = .failure(error) }
      let stop = try await server.script("stop")
      #expect(stop.status == 0, "\(stop.errors)")
      try result.get()
    }
  }
}
