// Nothing that was said can be taken out: no route gives it, and no line of the rooms that see it
// writes a file or opens a connection.

import FoundationEssentials
import JSON
import TestSupport
import Testing

@Suite struct ContentTests {
  /// Ways of Swift and C to a file or to another machine.
  private static let roads = [
    "FileManager", "FileHandle", "OutputStream", "URLSession", "ClientBootstrap",
    "DatagramBootstrap", "NIOFileSystem", "fopen(", "fwrite(", "creat(", "sendfile(", "popen(",
    "posix_spawn", "Process()", ".write(to:", "write(toFile", "createFile", "mkstemp", "shm_open",
    "syslog(", "connect(", "sendto(", "O_WRONLY", "O_RDWR", "O_CREAT",
  ]
  /// What looks like one and is none, each with its reason.
  private static let known = [
    // The process reads what the system says of it.
    "ProcessProtection.swift": ["fopen("]
  ]

  @Test func `promise 21: no route and no symbol takes out what was said`() async throws {
    try await RunningServer.serving { server in
      let paths = try await server.get("/openapi.json").json["paths"]?.objectValue?.keys ?? []
      #expect(paths.contains("/v1/chat/completions"))
      for path in paths {
        for word in ["save", "restore", "slot", "dump", "train", "cache", "history", "log"] {
          // What has a word in it by chance does not begin or end with it.
          #expect(
            !path.split(separator: "/").contains { $0 == word || $0 == word + "s" }, "\(path)")
        }
      }
    }
    var files = 0
    for room in ["APIServer", "Transformer", "Tokenizer", "Constraints", "JSON"] {
      let folder = Fixtures.packageRoot + "/Sources/" + room
      for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
      where name.hasSuffix(".swift") {
        let text = try String(
          decoding: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self)
        let file = String(name.split(separator: "/").last ?? "")
        files += 1
        for line in text.split(separator: "\n")
        where !line.drop(while: \.isWhitespace).hasPrefix("//") {
          // Into the bytes of the answer, which are in memory.
          let line = line.replacing(".write(to: &bytes)", with: "")
          for road in Self.roads where line.contains(road) {
            #expect(Self.known[file]?.contains(road) == true, "\(room)/\(name): \(road)")
          }
        }
      }
    }
    #expect(files > 150)
  }
}
