// A notice as a mail for `sendmail -t` (RFC 5322, 2045 to 2047): plain text, and an invoice as the
// page for people and the file for programs.

import FoundationEssentials

extension NoticeDelivery {
  /// The mail. What is not ASCII is encoded, so that it passes through any mail server.
  ///
  /// - Parameters:
  ///   - sender: the address that it comes from.
  ///   - wallMilliseconds: when it is sent.
  package func mail(from sender: String, atMilliseconds wallMilliseconds: Int64 = 0) -> String {
    let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
    var lines = [
      "From: \(Self.oneLine(sender))", "To: \(Self.oneLine(target))",
      "Subject: \(Self.encodedWord(Self.oneLine(title)))",
      "Date: \(Self.date(wallMilliseconds))",
      // The same for every try, so that a mail which came twice can be told.
      "Message-ID: <apus-delivery-\(id)@\(Self.oneLine(domain).filter { $0 != ">" })>",
      "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
    ]
    let text = Part(type: "text/plain; charset=utf-8", content: body)
    guard let invoice else { return (lines + text.lines + [""]).joined(separator: "\n") }
    let parts = [
      text,
      Part(
        type: "text/html; charset=utf-8", content: invoice.html,
        fileName: invoice.fileName + ".html"),
      Part(
        type: "application/xml; charset=utf-8", content: invoice.ubl,
        fileName: invoice.fileName + ".xml"),
    ]
    // No part can hold the line: it has characters that neither base64 nor our texts begin with.
    let boundary = "=_apus_\(id)"
    lines += ["Content-Type: multipart/mixed; boundary=\"\(boundary)\"", ""]
    for part in parts { lines += ["--\(boundary)"] + part.lines }
    return (lines + ["--\(boundary)--", ""]).joined(separator: "\n")
  }

  /// One part of a mail, or its only one.
  private struct Part {
    let type: String
    let content: String
    var fileName: String?

    /// Its headers, an empty line and its lines.
    var lines: [String] {
      let plain = content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      // Lines of SMTP end at 998 bytes; a lone full stop or a boundary is left to nobody's care.
      let isPlain =
        fileName == nil && content.utf8.allSatisfy { $0 == 10 || (32..<127).contains($0) }
        && plain.allSatisfy { $0.utf8.count <= 900 && !$0.hasPrefix(".") && !$0.hasPrefix("--") }
      let disposition = fileName.map { ["Content-Disposition: attachment; filename=\"\($0)\""] }
      return ["Content-Type: \(type)"] + (disposition ?? [])
        + ["Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")", ""]
        + (isPlain ? plain : NoticeDelivery.base64Lines(Array(content.utf8)))
    }
  }

  /// Line breaks in a header would begin another one, so they become spaces.
  private static func oneLine(_ text: String) -> String {
    text.map { $0.isNewline ? " " : String($0) }.joined()
  }

  /// Text for a header: as it is where it is ASCII, else in encoded words of at most 75 characters.
  private static func encodedWord(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ (32..<127).contains($0) }) else { return text }
    var words: [[UInt8]] = [[]]
    for character in text {
      let bytes = Array(String(character).utf8)
      if words[words.count - 1].count + bytes.count > 42 { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\n ")
  }

  private static func base64Lines(_ bytes: [UInt8]) -> [String] {
    // 57 bytes are a line of 76 characters.
    stride(from: 0, to: bytes.count, by: 57).map {
      Data(bytes[$0..<min($0 + 57, bytes.count)]).base64EncodedString()
    }
  }

  /// Such as `Thu, 26 Nov 2026 06:30:00 +0000`.
  private static func date(_ wallMilliseconds: Int64) -> String {
    let seconds = wallMilliseconds / 1000
    let day = CivilDate(dayNumber: seconds / 86_400)
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let parts = day.description.split(separator: "-")
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(two)
    let month = parts.count == 3 ? Int(parts[1]).map { months[$0 - 1] } ?? "" : ""
    return "\(names[Int(seconds / 86_400 % 7)]), \(parts.last ?? "") \(month) "
      + "\(parts.first ?? "") \(time.joined(separator: ":")) +0000"
  }
}

extension InvoiceDocument {
  /// What a file with it is called.
  package var fileName: String {
    String(number.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" })
  }
}
