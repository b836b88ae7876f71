// An authority and certificates that live as long as one test.

import Foundation

/// The files that `Tests/Clients/make-certificates` makes.
package struct TestCertificate: Sendable {
  package let folder: String

  package var chain: String { folder + "/cert.pem" }
  package var key: String { folder + "/key.pem" }

  /// Whether this machine has what makes them.
  package static let canBeMade = ["openssl", "python3"].allSatisfy { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  package static func with(_ body: (TestCertificate) async throws -> Void) async throws {
    try await TemporaryFolder.with { folder in
      let made = try await ChildProcess.run(
        "/bin/bash", [Fixtures.packageRoot + "/Tests/Clients/make-certificates", folder])
      guard made.status == 0 else {
        throw CocoaError(
          .featureUnsupported, userInfo: [NSLocalizedDescriptionKey: "openssl: \(made.errors)"])
      }
      try await body(TestCertificate(folder: folder))
    }
  }
}
