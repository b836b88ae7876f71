// Random answers under real schemas, which Python's jsonschema judges.

import Foundation
import TestSupport
import Testing

struct GenerationTests {
  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: ServerTests.clients + "/requirements.txt"),
      "needs the client libraries; scripts/prepare-clients installs them"))
  func `answers at a high temperature satisfy their schemas`() async throws {
    // A tiny model with random weights: what is not constrained is noise.
    let isSlow = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"
    let outcome = try await Program.run(
      ServerTests.clients + "/bin/python",
      [
        Fixtures.packageRoot + "/Benchmarks/generations",
        ProjectFixtures.root + "/architectures/llama.gguf", "--count", isSlow ? "2050" : "82",
        "--program", BuiltProducts.path(of: "apus"), "--server", "--chat-template=chatml",
        "--threads=1",
      ])
    #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
    #expect(outcome.text.contains(" are valid; "))
  }
}
