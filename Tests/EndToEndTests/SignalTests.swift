// A server that is told to stop does so at any time: as soon as it listens, and while it begins anew.

import Foundation
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.arePresent, RealModel.absence))
struct SignalTests {
  /// A server that missed the signal would go on for ever, or until the limit of its drain.
  private static let patience = 40.0

  @Test(.timeLimit(.minutes(5)))
  func `SIGTERM right behind the start is answered`() async throws {
    for _ in 0..<5 {
      try await TemporaryFolder.with { folder in
        let server = try await ServedProgram.start(in: folder)
        server.process.terminate()
        #expect(await end(of: server) == 0)
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [Moment.asked, .draining, .listening])
  func `SIGTERM during a restart is answered`(_ moment: Moment) async throws {
    try await TemporaryFolder.with { folder in
      let server = try await ServedProgram.start(in: folder)
      let asked = try await Program.apus(
        "meter", "incident", "restart", environment: ["APUS_DATA": folder + "/data"])
      #expect(asked.status == 0, "\(asked.errors)")
      switch moment {
      case .asked: break
      case .draining: try await wait(server) { !isListening(server.port) }
      case .listening:
        try await wait(server) { lines(server).count { $0.hasPrefix("Listening on ") } > 1 }
      }
      server.process.terminate()
      let status = await end(of: server)
      // Between its two lives the process has no handler, and the signal ends it as any other.
      #expect(status == 0 || moment != .listening && status == 128 + SIGTERM, "\(status)")
    }
  }

  enum Moment: String, CaseIterable, CustomTestStringConvertible {
    /// The measure is in the ledger.
    case asked
    /// The old life takes no connections any more.
    case draining
    /// The new life listens.
    case listening

    var testDescription: String { rawValue }
  }

  private func lines(_ server: ServedProgram) -> [Substring] {
    ((try? String(contentsOfFile: server.log, encoding: .utf8)) ?? "").split(separator: "\n")
  }

  private func isListening(_ port: Int) -> Bool {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(handle) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private func wait(
    _ server: ServedProgram, until condition: @escaping @Sendable () -> Bool
  ) async throws {
    await TestSupport.wait { condition() || !server.process.isRunning }
    try #require(condition() && server.process.isRunning)
  }

  /// The exit status; a server that goes on is killed, and the test fails.
  private func end(of server: ServedProgram) async -> Int32 {
    await TestSupport.wait(seconds: Self.patience) { !server.process.isRunning }
    if server.process.isRunning {
      kill(server.process.id, SIGKILL)
      _ = await server.process.ended()
      Issue.record("the server went on: \(lines(server).suffix(5).joined(separator: "\n"))")
      return -1
    }
    return await server.process.ended()
  }
}
