// A real mail server and a real web server on loopback, and what they got.

import Foundation
import JSON
import TestSupport
import Testing

/// `Tests/Clients/sinks.py`, running.
final class DeliverySinks {
  static let python = ServerTests.clients + "/bin/python"
  static let isThere = FileManager.default.isExecutableFile(atPath: python)
  static let absence: Comment =
    "needs the client libraries; scripts/prepare-clients installs them"

  let folder: String
  private let process: ChildProcess
  private let mailPort: Int
  private let webPort: Int

  init(folder: String) async throws {
    self.folder = folder
    process = try ChildProcess(
      Self.python, [Fixtures.packageRoot + "/Tests/Clients/sinks.py", folder],
      environment: ProcessInfo.processInfo.environment, input: "/dev/null",
      output: folder + "/sinks.log", errors: folder + "/sinks.log")
    await wait(seconds: 60) { FileManager.default.fileExists(atPath: folder + "/ports") }
    let ports = try JSONValue.parse(
      Array(Data(contentsOf: URL(fileURLWithPath: folder + "/ports"))))
    mailPort = try #require(ports["smtp"]?.intValue)
    webPort = try #require(ports["http"]?.intValue)
  }

  func stop() {
    process.terminate()
    _ = process.wait()
  }

  /// The command that takes a mail.
  var sendmail: String { "\(Fixtures.packageRoot)/Tests/Clients/sendmail \(mailPort)" }
  func webhook(_ path: String = "/notices") -> String { "http://127.0.0.1:\(webPort)\(path)" }

  /// What posts are checked with.
  func know(secret: String) throws {
    try secret.write(toFile: folder + "/secret", atomically: true, encoding: .utf8)
  }

  var mails: [JSONValue] { get throws { try lines(of: "mail.jsonl") } }
  var posts: [JSONValue] { get throws { try lines(of: "posts.jsonl") } }

  private func lines(of name: String) throws -> [JSONValue] {
    let text = (try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)) ?? ""
    return try text.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }

  /// Runs a test with sinks in a data folder, and channels that lead to them.
  static func with(
    webhook path: String = "/notices",
    _ body: (DeliverySinks, (String...) async throws -> Program.Outcome) async throws -> Void
  ) async throws {
    try await TemporaryFolder.with { folder async throws in
      let sinks = try await DeliverySinks(folder: folder)
      defer { sinks.stop() }
      func apus(_ words: String...) async throws -> Program.Outcome {
        try await Program.apus(words, environment: ["APUS_DATA": folder + "/data"])
      }
      let channels = try await apus(
        "meter", "notice", "channels", "--sender", "apus@host.example", "--sendmail",
        sinks.sendmail, "--webhook", sinks.webhook(path), "--json")
      try sinks.know(
        secret: #require(try JSONValue.parse(channels.text)["secret"]?.stringValue))
      try await body(sinks, apus)
    }
  }

  /// Makes everything due that waits for another try.
  func hurry() async throws {
    let script = """
      import sqlite3, sys
      with sqlite3.connect(sys.argv[1]) as db:
          db.execute("UPDATE notice_delivery SET next_ms = 0")
      """
    let child = try ChildProcess(
      Self.python, ["-c", script, folder + "/data/meter.db"],
      environment: ProcessInfo.processInfo.environment, input: "/dev/null",
      output: "/dev/null", errors: "/dev/null")
    #expect(await child.ended() == 0)
  }
}
