// Fetching models from a server that this test brings, with a catalogue of its own.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct PullTests {
  static let content = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
  /// SHA-256 of the content.
  static let digest = "ab939137a4f8747fa06f1e3d26e2082ae75327d83e1925026784d9e8c0c4dd99"

  @Test func `a model is fetched, checked and put in place`() async throws {
    try await withServer { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.text == server.folder + "/model.gguf\n")
      #expect(try server.file("model.gguf") == Self.content)
      #expect(!server.exists("model.gguf.partial"))
      let again = try await server.pull()
      #expect(again.status == 0)
      #expect(try server.requests().count == 1)
    }
  }

  @Test func `a file that is here is right where nothing can be written`() async throws {
    try await withServer { server in
      // What stands in place of the lock cannot be opened for writing, whoever tries.
      try FileManager.default.createDirectory(
        atPath: server.folder + "/model.gguf.lock", withIntermediateDirectories: false)
      let refused = try await server.pull()
      #expect(refused.status == 1)
      #expect(refused.errors.contains(": \(String(cString: strerror(EISDIR)));"))
      try server.write(Self.content, to: "model.gguf")
      let outcome = try await server.pull()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.text == server.folder + "/model.gguf\n")
      #expect(try server.requests().isEmpty)
    }
  }

  @Test func `a folder that cannot be made is named with the system's words`() async throws {
    try await TemporaryFolder.with { folder in
      try Data().write(to: URL(fileURLWithPath: folder + "/file"))
      let outcome = try await Program.apus(
        "pull", "smollm2-135m-instruct", environment: ["APUS_MODELS": folder + "/file/models"])
      #expect(outcome.status == 1)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(
        outcome.errors.contains(": \(String(cString: strerror(ENOTDIR)));"), "\(outcome.errors)")
    }
  }

  @Test func `a broken download goes on where it stopped`() async throws {
    try await withServer { server in
      try server.write(Self.content[..<100_000], to: "model.gguf.partial")
      #expect(try await server.pull().status == 0)
      #expect(try server.file("model.gguf") == Self.content)
      #expect(try server.requests() == ["bytes=100000-"])
    }
  }

  @Test func `a wrong checksum is an error and leaves nothing behind`() async throws {
    try await withServer(digest: String(repeating: "0", count: 64)) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("wrong checksum"))
      #expect(outcome.errors.contains(Self.digest))
      #expect(!server.exists("model.gguf"))
      #expect(!server.exists("model.gguf.partial"))
    }
  }

  @Test func `a wrong size is an error`() async throws {
    try await withServer(bytes: Self.content.count + 1) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(Self.content.count) bytes instead of"))
      #expect(!server.exists("model.gguf"))
    }
  }

  @Test func `what is too large is not fetched to its end`() async throws {
    try await withServer(bytes: 1000) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(!server.exists("model.gguf"))
      #expect(!server.exists("model.gguf.partial"))
    }
  }

  @Test func `a server that tells no length and does not end is left`() async throws {
    try await withServer(paths: ["/endless"]) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("bytes instead of"), "\(outcome.errors)")
      #expect(!server.exists("model.gguf"))
      #expect(!server.exists("model.gguf.partial"))
    }
  }

  @Test func `a server that always breaks off is left after a few attempts`() async throws {
    try await withServer(paths: ["/half", "/model"]) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try server.file("model.gguf") == Self.content)
      #expect(try server.requests().count <= 5)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends a download, and the next one goes on`(signal: Int32) async throws {
    try await withServer(paths: ["/waiting"]) { server in
      let pull = try server.startPulling()
      // Half of it arrives, then the server waits for ever. Curl would not: other tests must not come in
      // between here.
      let partial = URL(fileURLWithPath: server.folder + "/model.gguf.partial")
      let status = await onThread {
        while pull.isRunning, (try? Data(contentsOf: partial))?.isEmpty != false {
          usleep(5_000)
        }
        kill(pull.id, signal)
        return pull.wait()
      }
      #expect(status == 128 + signal)
      #expect(!server.exists("model.gguf"))
      try server.writeCatalogue(
        bytes: Self.content.count, digest: Self.digest, paths: ["/model"])
      #expect(try await server.pull().status == 0)
      #expect(try server.file("model.gguf") == Self.content)
      let requests = try server.requests()
      #expect(requests.count == 2 && requests[1].hasPrefix("bytes="), "\(requests)")
    }
  }

  @Test func `the next source is tried where one fails`() async throws {
    try await withServer(paths: ["/missing", "/model"]) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("404"))
    }
  }

  @Test func `a source that asks for accepted terms is named with them`() async throws {
    try await withServer(paths: ["/gated"]) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("https://example.com/terms"))
    }
  }

  @Test func `a disk without room is an error before anything is fetched`() async throws {
    try await withServer(bytes: 1 << 60) { server in
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("the disk is too full"))
      #expect(outcome.errors.contains("APUS_MODELS"))
      #expect(try server.requests().isEmpty)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func `a disk that fills up is an error`() async throws {
    try await withServer { server in
      try FileManager.default.createSymbolicLink(
        atPath: server.folder + "/model.gguf.partial", withDestinationPath: "/dev/full")
      let outcome = try await server.pull()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("cannot be written"))
      #expect(!server.exists("model.gguf"))
    }
  }

  @Test func `an unknown name suggests the nearest`() async throws {
    let outcome = try await Program.apus("pull", "smollm2")
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("did you mean 'smollm2-135m-instruct'?"))
    // Nothing is like this one.
    let other = try await Program.apus("pull", "nope")
    #expect(other.status == 1 && other.errors.contains("no model is called 'nope' ("))
    #expect(!other.errors.contains("did you mean"))
  }

  /// A server that gives the content, with ranges, and a model folder whose catalogue leads there.
  private func withServer(
    bytes: Int = content.count, digest: String = digest, paths: [String] = ["/model"],
    _ body: (ModelServer) async throws -> Void
  ) async throws {
    try await TemporaryFolder.with { folder in
      let server = try await ModelServer(folder: folder, content: Self.content)
      defer { server.stop() }
      try server.writeCatalogue(bytes: bytes, digest: digest, paths: paths)
      try await body(server)
    }
  }
}
