// The program with a certificate.

import Foundation
import TestSupport
import Testing

@Suite(
  .enabled(if: RealModel.arePresent, RealModel.absence),
  .enabled(if: TestCertificate.canBeMade, "needs openssl and python3"))
struct ServedTLSTests {
  @Test(.timeLimit(.minutes(5)))
  func `SIGHUP changes the certificate and cuts no connection`() async throws {
    try await TestCertificate.with { certificate in
      let arguments = ["--tls-certificate", certificate.chain, "--tls-key", certificate.key]
      try await ServedProgram.with(in: certificate.folder, arguments) { server in
        let outcome = try await Program.run(
          "/usr/bin/env",
          [
            "python3", Fixtures.packageRoot + "/Tests/Clients/tls_client.py", "reload",
            "\(server.port)", certificate.folder, "\(server.process.id)",
          ])
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
    }
  }

  @Test func `a certificate that cannot be used is named`() async throws {
    try await TemporaryFolder.with { folder in
      let outcome = try await Program.apus(
        "serve", RealModel.smol.name, "--port", "0", "--tls-certificate", "none.pem",
        "--tls-key", "none.key", environment: ["APUS_DATA": folder])
      #expect(outcome.status != 0)
      #expect(outcome.errorLines.count == 1)
      #expect(outcome.errors.contains("the TLS file 'none.pem' cannot be used"))
    }
  }
}
