// The limits of a server's settings, as a client meets them.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct ServeLimitTests {
  /// As many as wait for an engine at most where nobody asks for more are 64.
  @Test func `a request may have as many prompts as the settings say`() async throws {
    try await TemporaryFolder.with { folder async throws in
      let server = try await AdministeredServer(folder: folder, ["--set", "prompts=128"])
      defer { server.stop() }
      let models = try await server.publicly("/v1/models", key: "none").json
      let model = try #require(models["data"]?[0]?["id"])
      let prompts = (0..<128).map { JSONValue.array([.integer(Int64(5 + $0))]) }
      let answer = try await server.publicly(
        "/v1/completions", ["model": model, "prompt": .array(prompts), "max_tokens": 1],
        key: "none")
      #expect(answer.status == 200, "\(answer.body)")
      #expect(try answer.json["choices"]?.arrayValue?.count == 128)
    }
  }
}
