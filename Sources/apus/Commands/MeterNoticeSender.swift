// Notices on their way out: mail by a command of the system, posts by its curl.

import Foundation
import JSON
import Metering

/// Makes deliveries.
struct NoticeSender {
  private let channels: NoticeChannels

  init(_ channels: NoticeChannels) { self.channels = channels }

  /// Makes one delivery; false where it has to be tried again.
  func send(_ delivery: NoticeDelivery) throws -> Bool {
    switch delivery.channel {
    case .mail:
      let command = channels.sendmail.split(separator: " ").map(String.init)
      guard !command.isEmpty, !channels.sender.isEmpty else { return false }
      return try run(command, input: delivery.mail(from: channels.sender))
    case .webhook:
      let second = MeterClock.system.wallMilliseconds() / 1000
      let body: JSONValue = [
        "delivery": .integer(delivery.id), "notice": .integer(delivery.notice),
        "title": .string(delivery.title), "body": .string(delivery.body),
      ]
      let text = body.serialized()
      guard let signature = channels.signature(of: text, atSecond: second) else { return false }
      return try run(
        [
          "curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--proto",
          "=https,http", "--header", "Content-Type: application/json", "--header",
          "Apus-Signature: \(signature)", "--data-binary", "@-", "--output", "/dev/null", "--",
          delivery.target,
        ], input: text)
    }
  }

  /// Runs a program of the system with some text on its standard input; false where it fails.
  private func run(_ command: [String], input: String) throws -> Bool {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("apus-notice-\(UUID().uuidString)")
    let isWritten = FileManager.default.createFile(
      atPath: path.path, contents: Data(input.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else { return false }
    defer { try? FileManager.default.removeItem(at: path) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = try FileHandle(forReadingFrom: path)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationReason == .exit && process.terminationStatus == 0
  }
}
