// A program from its start to its end, and what it said.

import Foundation

extension ChildProcess {
  package struct Outcome: Sendable {
    package let status: Int32
    package let output: Data
    /// Standard error.
    package let errors: String

    package var text: String { String(decoding: output, as: UTF8.self) }
    /// The lines of standard error.
    package var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  /// Runs the program at `path` to its end. What it says goes through files, so that no pipe can
  /// fill up, and a thread of its own waits for it.
  package static func run(
    _ path: String, _ arguments: [String], input: Data = Data(),
    environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await tryOnThread {
      try wait(path, arguments, input: input, environment: environment)
    }
  }

  private static func wait(
    _ path: String, _ arguments: [String], input: Data, environment: [String: String]
  ) throws -> Outcome {
    try TemporaryFolder.with { folder in
      let files = ["input", "output", "errors"].map { URL(fileURLWithPath: folder + "/" + $0) }
      for (file, content) in zip(files, [input, Data(), Data()]) { try content.write(to: file) }
      let child = try ChildProcess(
        path, arguments,
        environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
        input: files[0].path, output: files[1].path, errors: files[2].path)
      return Outcome(
        status: child.wait(), output: try Data(contentsOf: files[1]),
        errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
  }
}
