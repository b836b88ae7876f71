// Notices on their way out: mail by a command of the system, posts by its curl.

import Foundation
import JSON
import Metering

/// Makes deliveries.
struct NoticeSender {
  private static let limit = Duration.seconds(60)
  /// What a server that stops still waits for one delivery.
  private static let limitInHurry = Duration.seconds(5)

  private let channels: NoticeChannels
  private let hurry: Hurry

  init(_ channels: NoticeChannels, hurry: Hurry = Hurry()) {
    self.channels = channels
    self.hurry = hurry
  }

  /// Makes one delivery; false where it has to be tried again.
  func send(_ delivery: NoticeDelivery) throws -> Bool {
    switch delivery.channel {
    case .mail:
      let command = channels.sendmail.split(separator: " ").map(String.init)
      guard !command.isEmpty, channels.sendsMail else { return false }
      let mail = delivery.mail(
        from: channels.sender, atMilliseconds: MeterClock.system.wallMilliseconds())
      return try run(command, input: mail)
    case .webhook:
      let second = MeterClock.system.wallMilliseconds() / 1000
      let text = delivery.post
      guard delivery.target == channels.webhook,
        let signature = channels.signature(of: text, atSecond: second)
      else { return false }
      return try run(
        [
          "curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--proto",
          "=https,http", "--header", "Content-Type: application/json", "--header",
          "Apus-Signature: \(signature)", "--header", "Apus-Delivery: \(delivery.id)",
          "--data-binary", "@-", "--output", "/dev/null", "--",
          delivery.target,
        ], input: text)
    }
  }

  /// Runs a program of the system with some text on its standard input; false where it fails or
  /// takes longer than it may.
  private func run(_ command: [String], input: String) throws -> Bool {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("apus-notice-\(UUID().uuidString)").path
    let isWritten = FileManager.default.createFile(
      atPath: path, contents: Data(input.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else { return false }
    defer { try? FileManager.default.removeItem(atPath: path) }
    let program = BoundedProgram(
      command: command, limit: Self.limit, limitInHurry: Self.limitInHurry)
    return program.run(inputPath: path, hurry: hurry) == 0
  }
}

extension NoticeDelivery {
  /// What the webhook is posted. The number is the same for every try.
  fileprivate var post: String {
    let value: JSONValue = [
      "delivery": .integer(id), "notice": .integer(notice), "title": .string(title),
      "body": .string(body), "invoice": invoice.map { .string($0.number) } ?? .null,
    ]
    return value.serialized()
  }
}
