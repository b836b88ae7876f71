// Runs the built program as a person would, and tells what it said.

import Foundation
import TestSupport

/// The program `apus`, which is built beside the tests.
enum Program {
  struct Outcome: Sendable {
    let status: Int32
    let output: Data
    /// Standard error.
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    /// The lines of standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  static var path: String { BuiltProducts.path(of: "apus") }

  /// Runs `apus` to its end.
  static func apus(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await run(path, arguments, input: Data(input.utf8), environment: environment)
  }

  static func apus(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await run(path, arguments, input: Data(input.utf8), environment: environment)
  }

  /// Runs the program at `path` to its end. What it says goes through files, so that no pipe can
  /// fill up, and a thread of its own waits for it.
  static func run(
    _ path: String, _ arguments: [String], input: Data = Data(),
    environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result { try wait(path, arguments, input: input, environment: environment) })
      }
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

/// Folders that are gone when their test is.
enum TemporaryFolder {
  static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = try make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = try make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
  }

  private static func make() throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/apus-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}
