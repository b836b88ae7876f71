// `apus serve` as a process of its own, for as long as a test needs it.

import Foundation
import TestSupport
import Testing

/// A server in front of SmolLM2 on a free port.
struct ServedProgram: Sendable {
  let process: ChildProcess
  let port: Int
  /// Everything that it has said.
  let log: String

  /// Starts a server whose data and log are in a folder, and waits until it listens.
  static func start(
    in folder: String, _ arguments: [String] = []
  ) async throws -> ServedProgram {
    try await tryOnThread { try launch(in: folder, arguments) }
  }

  private static func launch(in folder: String, _ arguments: [String]) throws -> ServedProgram {
    let log = folder + "/log"
    var environment = ProcessInfo.processInfo.environment
    environment["APUS_DATA"] = folder + "/data"
    // What uses an event loop that has ended traps, instead of telling so.
    environment["SWIFTNIO_STRICT"] = "1"
    let process = try ChildProcess(
      Program.path, ["serve", RealModel.smol.name, "--port", "0"] + arguments,
      environment: environment, input: "/dev/null", output: log, errors: log)
    let end = Date.now + 120
    while Date.now < end, process.isRunning {
      let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      let line = said.split(separator: "\n").first { $0.hasPrefix("Listening on ") }
      if let line, let port = line.split(separator: ":").last.flatMap({ Int($0) }) {
        return ServedProgram(process: process, port: port, log: log)
      }
      usleep(5_000)
    }
    process.terminate()
    _ = process.wait()
    throw CocoaError(
      .executableLoad,
      userInfo: [
        NSLocalizedDescriptionKey: "the server did not listen: "
          + ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
      ])
  }

  /// Runs a test around a server, which must end well when it is told to.
  static func with(
    in folder: String, _ arguments: [String] = [], _ body: (ServedProgram) async throws -> Void
  ) async throws {
    let server = try await start(in: folder, arguments)
    let result: Result<Void, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    server.process.terminate()
    #expect(await server.process.ended() == 0)
    try result.get()
  }
}
