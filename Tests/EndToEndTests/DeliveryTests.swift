// Notices reach a real mail server and a real web server: signed, tried again, and once.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: DeliverySinks.isThere, DeliverySinks.absence))
struct DeliveryTests {
  @Test func `a notice arrives by mail and by a signed post`() async throws {
    try await DeliverySinks.with { sinks, apus in
      _ = try await apus("meter", "account", "create", "lab", "--active")
      _ = try await apus(
        "meter", "account", "member", "lab", "--email", "a@lab.example", "--role", "owner")
      let title = "Hooldus pühapäeval, öösel: \(String(repeating: "ülevaade ", count: 9))"
      let text = "Tere!\n.\n--\nKõik töötab.\n" + String(repeating: "pikk ", count: 400)
      _ = try await apus("meter", "notice", "publish", title, "--body", text)
      #expect(try await apus("meter", "notice", "send").status == 0)
      let mail = try #require(try sinks.mails.first)
      #expect(mail["subject"] == .string(title))
      #expect(mail["recipients"] == ["a@lab.example"])
      #expect(mail["from"] == "apus@host.example")
      #expect(mail["body"]?.stringValue?.trimmingCharacters(in: .newlines) == text)
      #expect(mail["is_ascii"] == true)
      #expect((mail["longest_line"]?.intValue ?? .max) <= 998)
      #expect(mail["defects"] == [])
      let sent = try #require(
        mail["date"]?.stringValue.flatMap { try? Date($0, strategy: .iso8601) })
      #expect(abs(sent.timeIntervalSinceNow) < 3600)
      let post = try #require(try sinks.posts.first)
      #expect(post["is_signed"] == true)
      #expect((post["age"]?.doubleValue ?? .infinity) < 3600)
      #expect(post["type"] == "application/json")
      #expect(post["body"]?["title"] == .string(title))
      #expect(post["body"]?["body"] == .string(text))
      // A second look finds nothing more to do.
      #expect(try await apus("meter", "notice", "send", "--json").text == "[]\n")
      #expect(try sinks.mails.count == 1)
      #expect(try sinks.posts.count == 1)
    }
  }

  @Test func `what is put off is tried again under the same number`() async throws {
    try await DeliverySinks.with(webhook: "/busy") { sinks, apus in
      _ = try await apus("meter", "account", "create", "lab", "--active")
      _ = try await apus(
        "meter", "account", "member", "lab", "--email", "busy@lab.example", "--role", "owner")
      _ = try await apus("meter", "notice", "publish", "Twice", "--body", "Once.")
      _ = try await apus("meter", "notice", "send")
      #expect(try sinks.mails.isEmpty)
      #expect(try sinks.posts.isEmpty)
      func states() async throws -> [JSONValue?] {
        let list = try JSONValue.parse(await apus("meter", "notice", "list", "--json").text)
        return (list.arrayValue ?? []).map { $0["state"] }
      }
      #expect(try await states() == ["pending", "pending"])
      // Before its time nothing is tried.
      _ = try await apus("meter", "notice", "send")
      #expect(try sinks.mails.isEmpty)
      try await sinks.hurry()
      _ = try await apus("meter", "notice", "send")
      _ = try await apus("meter", "notice", "send")
      #expect(try await states() == ["sent", "sent"])
      #expect(try sinks.mails.count == 1)
      let post = try #require(try sinks.posts.first)
      #expect(try sinks.posts.count == 1)
      #expect(post["delivery"]?.stringValue == post["body"]?["delivery"].map { $0.serialized() })
    }
  }

  @Test func `an invoice comes with its page and its file`() async throws {
    try await DeliverySinks.with { sinks, apus in
      let number = try await InvoiceFolder.make(sinks.folder + "/data").document.number
      let sent = try await apus("meter", "notice", "send", "--json")
      #expect(sent.status == 0, "\(sent.text) \(sent.errors)")
      let mails = try sinks.mails
      // To who is billed and to the member for bills, and not to the one who only asks models.
      #expect(
        Set(mails.compactMap { $0["recipients"]?[0]?.stringValue })
          == ["bills@lab.example", "accounts@lab.example"])
      let parts = try #require(mails.first?["attachments"]?.arrayValue)
      #expect(parts.map { $0["name"] } == [.string(number + ".html"), .string(number + ".xml")])
      #expect(parts.map { $0["type"] } == ["text/html", "application/xml"])
      #expect(parts[1]["text"]?.stringValue?.contains("<cbc:ID>\(number)</cbc:ID>") == true)
      #expect(mails.first?["body"]?.stringValue?.contains(number) == true)
      #expect(try sinks.posts.first?["body"]?["invoice"] == .string(number))
    }
  }
}
