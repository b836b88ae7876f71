// TLS as clients meet it: Python's ssl, curl, OpenSSL's own, and what is no client at all.
// `Tests/Clients/tls_client.py` says what each case does.

import APIServer
import Foundation
import JSON
import TestSupport
import Testing

@Suite(.enabled(if: TestCertificate.canBeMade, "needs openssl and python3"))
struct TLSTests {
  @Test(
    .timeLimit(.minutes(5)),
    arguments: [
      "answers", "old_versions", "protocols", "partial_records", "close_notify", "garbage",
    ])
  func `clients get what TLS promises`(case name: String) async throws {
    try await serving { server, certificate in
      try await Self.client(name, server, certificate)
      #expect(!server.log.text.contains("internal error"))
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func `broken records harm nobody`() async throws {
    let rounds = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1" ? 20_000 : 150
    try await serving { server, certificate in
      try await Self.client("fuzz", server, certificate, "\(rounds)")
      try await Self.client("answers", server, certificate)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a large answer arrives whole at a slow reader`() async throws {
    let letters = 3_000_000
    try await serving(FakeEngine([String(repeating: "x", count: letters)])) {
      server, certificate in
      try await Self.client("whole", server, certificate, "\(letters)")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a reader who does not read loses its connection`() async throws {
    let engine = FakeEngine([String(repeating: "x", count: 1 << 25), "end"], .hangAfterFirst)
    try await serving(
      engine, configure: { $0.limits.stallDuration = .milliseconds(50) }
    ) { server, certificate in
      let child = try ChildProcess(
        "/usr/bin/env",
        ["python3", Self.script, "ignore", "\(server.port)", certificate.folder],
        environment: ProcessInfo.processInfo.environment, input: "/dev/null",
        output: certificate.folder + "/output", errors: certificate.folder + "/errors")
      for await _ in engine.cancellations { break }
      child.terminate()
      _ = await child.ended()
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a handshake that does not end is cut off`() async throws {
    try await serving(configure: { $0.limits.handshakeDuration = .milliseconds(50) }) {
      server, _ in
      for beginning: [UInt8] in [[], [0x16], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]] {
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(bytes: beginning)
          try await exchange.waitForClose()
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `renegotiation is refused`() async throws {
    try await serving { server, certificate in
      let outcome = try await ChildProcess.run(
        "/usr/bin/env",
        [
          "openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2", "-CAfile",
          certificate.folder + "/ca.pem", "-verify_return_error",
        ], input: Data("R\n".utf8))
      #expect(outcome.text.contains("Verify return code: 0 (ok)"))
      #expect(outcome.errors.contains("no renegotiation"), "\(outcome.errors)")
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["1.2", "1.3"])
  func `curl is answered`(version: String) async throws {
    try await serving { server, certificate in
      let outcome = try await ChildProcess.run(
        "/usr/bin/env",
        [
          "curl", "--silent", "--show-error", "--no-buffer", "--cacert",
          certificate.folder + "/ca.pem", "--tlsv\(version)", "--tls-max", version,
          "--header", "Content-Type: application/json", "--data",
          ChatCompletionTests.chat(["stream": true]).serialized(),
          "https://localhost:\(server.port)/v1/chat/completions",
        ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.text.hasSuffix("data: [DONE]\n\n"), "\(outcome.text)")
    }
  }

  @Test(
    .timeLimit(.minutes(5)),
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: clients),
      "needs the client libraries; scripts/prepare-clients installs them"))
  func `OpenAI's client is answered`() async throws {
    try await serving { server, certificate in
      let outcome = try await ChildProcess.run(
        Self.clients,
        [
          Fixtures.packageRoot + "/Tests/Clients/tls_openai.py", "\(server.port)",
          certificate.folder,
        ])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test func `the address says https`() async throws {
    try await serving { server, certificate in
      let outcome = try await ChildProcess.run(
        "/usr/bin/env",
        [
          "curl", "--silent", "--cacert", certificate.folder + "/ca.pem",
          "https://localhost:\(server.port)/",
        ])
      #expect(outcome.text.contains("https://127.0.0.1:\(server.port)/v1"))
    }
  }

  @Test func `files that cannot be used are named`() async throws {
    try await TestCertificate.with { certificate in
      let none = certificate.folder + "/none.pem"
      let cases: [(chain: String?, key: String?, file: String?)] = [
        (none, certificate.key, none), (certificate.chain, none, none),
        (certificate.key, certificate.key, certificate.key),
        (certificate.chain, certificate.chain, certificate.chain),
        (certificate.chain, certificate.folder + "/other.key", certificate.folder + "/other.key"),
        (certificate.chain, certificate.folder + "/locked.key", certificate.folder + "/locked.key"),
        (certificate.chain, nil, nil), (nil, certificate.key, nil),
      ]
      for each in cases {
        var configuration = Server.Configuration()
        configuration.tlsCertificate = each.chain
        configuration.tlsKey = each.key
        let error = #expect(throws: ServerError.self) {
          _ = try Server(
            models: [ServedModel(name: "m", textEngine: FakeEngine())],
            configuration: configuration, logger: LogCapture().logger)
        }
        if let file = each.file {
          guard case .unusableCertificate(file, _)? = error else {
            Issue.record("\(each): \(error.map(String.init(describing:)) ?? "-")")
            continue
          }
        } else {
          #expect(error == .halfACertificate)
        }
      }
    }
  }

  // MARK: Bench

  private static let clients = Fixtures.packageRoot + "/.build/clients/bin/python"
  private static let script = Fixtures.packageRoot + "/Tests/Clients/tls_client.py"

  /// Runs one case of the script to its end.
  private static func client(
    _ name: String, _ server: RunningServer, _ certificate: TestCertificate, _ argument: String = ""
  ) async throws {
    let outcome = try await ChildProcess.run(
      "/usr/bin/env", ["python3", script, name, "\(server.port)", certificate.folder, argument])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func serving(
    _ engine: FakeEngine = FakeEngine(),
    configure: @escaping @Sendable (inout Server.Configuration) -> Void = { _ in },
    _ test: @escaping @Sendable (RunningServer, TestCertificate) async throws -> Void
  ) async throws {
    try await TestCertificate.with { certificate in
      try await RunningServer.serving(
        engine,
        configure: { configuration in
          configuration.tlsCertificate = certificate.chain
          configuration.tlsKey = certificate.key
          configure(&configuration)
        }
      ) { server in try await test(server, certificate) }
    }
  }
}
