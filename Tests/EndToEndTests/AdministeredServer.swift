// A server with a tiny model, asked on the socket of its administration by curl.

import Foundation
import JSON
import TestSupport
import Testing

struct AdministeredServer {
  /// What curl got.
  struct Answer {
    let status: Int
    let body: String
    var json: JSONValue { get throws { try JSONValue.parse(Array(body.utf8)) } }
  }

  /// A key of the administration.
  let key: String
  let folder: String
  private let address: String
  private let process: ChildProcess

  /// Starts it with these arguments more, and waits until it answers.
  init(folder: String, _ arguments: [String] = []) async throws {
    self.folder = folder
    let environment = ["APUS_DATA": folder]
    let made = try await Program.apus(
      "meter", "admin", "create", "--json", environment: environment)
    key = try #require(try JSONValue.parse(made.text)["key"]?.stringValue)
    let log = folder + "/server.log"
    process = try ChildProcess(
      Program.path,
      ["serve", Fixtures.packageRoot + "/Tests/Fixtures/architectures/llama.gguf", "--port", "0"]
        + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      input: "/dev/null", output: log, errors: log)
    let socket = folder + "/admin.sock"
    @Sendable func address() -> String? {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix("Listening on ") }
      return line.map { String($0.dropFirst("Listening on ".count)) }
    }
    await wait { address() != nil && FileManager.default.fileExists(atPath: socket) }
    self.address = try #require(address())
  }

  func stop() {
    process.terminate()
    _ = process.wait()
  }

  func get(_ path: String, key: String? = nil) async throws -> Answer {
    try await ask(["--unix-socket", folder + "/admin.sock", "http://localhost" + path], key)
  }

  func post(_ path: String, _ arguments: JSONValue) async throws -> Answer {
    try await ask(
      [
        "--unix-socket", folder + "/admin.sock", "--header", "Content-Type: application/json",
        "--data-raw", arguments.serialized(), "http://localhost" + path,
      ], nil)
  }

  /// Asks the public API.
  func publicly(_ path: String, key: String) async throws -> Answer {
    try await ask([address + path], key)
  }

  /// Sends to the public API.
  func publicly(_ path: String, _ body: JSONValue, key: String) async throws -> Answer {
    try await ask(
      [
        "--header", "Content-Type: application/json", "--data-raw", body.serialized(),
        address + path,
      ], key)
  }

  func apus(_ words: String...) async throws -> Program.Outcome {
    try await Program.apus(words, environment: ["APUS_DATA": folder])
  }

  private func ask(_ arguments: [String], _ key: String?) async throws -> Answer {
    let bearer = "Authorization: Bearer \(key ?? self.key)"
    let outcome = try await Program.run(
      "/usr/bin/env",
      [
        "curl", "--silent", "--max-time", "120", "--write-out", "\n%{http_code}", "--header",
        bearer,
      ]
        + arguments)
    let lines = outcome.text.split(separator: "\n", omittingEmptySubsequences: false)
    return Answer(
      status: Int(lines.last ?? "") ?? 0, body: lines.dropLast().joined(separator: "\n"))
  }
}
