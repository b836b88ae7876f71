// Runs the built program as a person would, and tells what it said.

import Foundation
import TestSupport

/// The program `apus`, which is built beside the tests.
enum Program {
  typealias Outcome = ChildProcess.Outcome

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

  /// Runs any program to its end.
  static func run(
    _ path: String, _ arguments: [String], input: Data = Data(),
    environment: [String: String] = [:]
  ) async throws -> Outcome {
    try await ChildProcess.run(path, arguments, input: input, environment: environment)
  }
}
