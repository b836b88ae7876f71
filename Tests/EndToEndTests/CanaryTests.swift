// What is said is nowhere but in memory: the canary suite, once with the program, once where no network leads anywhere, and once with a program that leaks.

import Foundation
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.arePresent, RealModel.absence))
struct CanaryTests {
  private func canary(
    _ arguments: String..., program: String = Program.path
  ) async throws -> Program.Outcome {
    try await Program.run(
      "/usr/bin/env",
      ["python3", Fixtures.packageRoot + "/scripts/canary", program, RealModel.smol.path]
        + arguments,
      environment: ["APUS_PROGRAM": Program.path])
  }

  @Test(.timeLimit(.minutes(10))) func whatIsSaidIsInNoFileNoLogAndNoFigure() async throws {
    let outcome = try await canary()
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
    #expect(outcome.text.hasSuffix("nothing was found\n"))
  }

  @Test(.timeLimit(.minutes(10)))
  func `promise 4: a server that no network leads out of does all the same`() async throws {
    let outcome = try await canary("--offline", "--profile", "ut")
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
  }

  @Test(
    .timeLimit(.minutes(10)),
    .enabled(if: geteuid() == 0, "only root may look into a process that is closed to others"))
  func `promise 19: what is said is in no file, and in no memory once it was forgotten`()
    async throws
  {
    let outcome = try await canary("--strict", "--wait", "6")
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
    #expect(outcome.text.contains("MiB of memory") && outcome.text.hasSuffix("nothing was found\n"))
  }

  @Test(.timeLimit(.minutes(10))) func aProgramThatLogsOnPurposeIsFound() async throws {
    let outcome = try await canary("--leak", program: BuiltProducts.path(of: "LeakingServer"))
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
    #expect(outcome.text.contains("the user turn, as text"))
  }
}
