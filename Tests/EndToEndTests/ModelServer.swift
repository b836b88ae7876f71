// A small HTTP server with ranges, by Python, that models are fetched from in tests.

import Foundation
import JSON
import TestSupport
import Testing

/// Serves one file on loopback: `/model` gives it, `/gated` refuses, `/half` knows no ranges and always
/// breaks off, `/endless` tells no length and does not end, `/waiting` begins and then says nothing;
/// everything else is missing.
final class ModelServer {
  /// The model folder of the test.
  let folder: String
  private let process: ChildProcess
  private let port: Int

  private static let script = """
    import http.server, sys
    content = open(sys.argv[1], "rb").read()
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in ("/model", "/half", "/endless", "/waiting"):
                self.send_error(403 if self.path == "/gated" else 404)
                return
            wanted = self.headers.get("Range")
            with open(sys.argv[2], "a") as log:
                log.write((wanted or "all") + "\\n")
            if self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                # An end, so that a program that takes it all fails its test and not the disk.
                for _ in range(500): self.wfile.write(bytes(1 << 20))
                return
            if self.path != "/model":
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:len(content) // 2])
                if self.path == "/waiting": self.rfile.read()
                return
            start = int(wanted[6:].split("-")[0]) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(content) - start))
            if wanted:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self.wfile.write(content[start:])
        def log_message(self, *arguments):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  init(folder: String, content: Data) async throws {
    self.folder = folder
    try content.write(to: URL(fileURLWithPath: folder + "/served"))
    let output = folder + "/port"
    process = try ChildProcess(
      "/usr/bin/env", ["python3", "-c", Self.script, folder + "/served", folder + "/requests"],
      environment: ProcessInfo.processInfo.environment, input: "/dev/null", output: output,
      errors: folder + "/errors")
    @Sendable func line() -> String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
    await wait(seconds: 60) { line().hasSuffix("\n") }
    port = try #require(Int(line().trimmingCharacters(in: .newlines)))
  }

  func stop() {
    process.terminate()
    _ = process.wait()
  }

  /// Writes the user's own catalogue, with the model `test`.
  func writeCatalogue(bytes: Int, digest: String, paths: [String]) throws {
    let sources = paths.map { path -> JSONValue in
      ["url": .string("http://127.0.0.1:\(port)\(path)")]
    }
    let catalogue: JSONValue = [
      "models": [
        [
          "name": "test", "file": "model.gguf", "bytes": .integer(Int64(bytes)),
          "sha256": .string(digest), "terms": "https://example.com/terms",
          "sources": .array(sources),
        ]
      ]
    ]
    try write(Data(catalogue.utf8()), to: "models.json")
  }

  func pull() async throws -> Program.Outcome {
    try await Program.apus("pull", "test", environment: ["APUS_MODELS": folder])
  }

  /// Starts to pull, and does not wait for the end.
  func startPulling() throws -> ChildProcess {
    var environment = ProcessInfo.processInfo.environment
    environment["APUS_MODELS"] = folder
    return try ChildProcess(
      Program.path, ["pull", "test"], environment: environment, input: "/dev/null",
      output: folder + "/pulled", errors: folder + "/pull-errors")
  }

  /// The range of each request for the file, or `all`.
  func requests() throws -> [String] {
    guard exists("requests") else { return [] }
    return String(decoding: try file("requests"), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/" + name)
  }

  func file(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
  }

  func write(_ data: some DataProtocol, to name: String) throws {
    try Data(data).write(to: URL(fileURLWithPath: folder + "/" + name))
  }
}
