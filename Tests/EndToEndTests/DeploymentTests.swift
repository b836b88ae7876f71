// The examples in Deploy, as far as this machine can run them.

import Foundation
import TestSupport
import Testing

@Suite struct DeploymentTests {
  static func isInstalled(_ program: String) -> Bool {
    ["/usr/sbin", "/usr/bin", "/usr/local/bin"].contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
  }

  @Test func `the examples are well formed and name settings that exist`() async throws {
    let outcome = try await Program.run(
      "/usr/bin/env", ["python3", Fixtures.packageRoot + "/Deploy/check", Program.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      !Self.isInstalled("systemd-analyze") || !outcome.text.contains("not checked: the unit"))
  }

  @Test(
    .timeLimit(.minutes(10)), .enabled(if: RealModel.arePresent, RealModel.absence),
    .enabled(if: isInstalled("nginx"), "needs nginx"))
  func `nginx keeps a key at one of two servers and loses no answer`() async throws {
    try await TemporaryFolder.with { folder in
      let outcome = try await Program.run(
        "/usr/bin/env",
        [
          "python3", Fixtures.packageRoot + "/Tests/Clients/nginx_client.py", Program.path,
          RealModel.smol.name, folder,
        ])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }
}
