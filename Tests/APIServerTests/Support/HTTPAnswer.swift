// A response as bytes on the wire say it.

import JSON

/// A parsed HTTP/1.1 response.
struct HTTPAnswer: Sendable {
  let status: Int
  /// By name in lower case.
  let headers: [String: String]
  /// Without the framing of chunks.
  let body: String

  /// The body as JSON.
  var json: JSONValue {
    get throws { try JSONValue.parse(body) }
  }

  /// The `code` of an error's body.
  var errorCode: String? { get throws { try json["error"]?["code"]?.stringValue } }

  /// The data of the events in a stream.
  var events: [String] {
    body.components(by: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
  }

  /// The texts of a stream's deltas, joined.
  var streamedText: String {
    get throws {
      try events.filter { $0 != "[DONE]" }.compactMap {
        try JSONValue.parse($0)["choices"]?[0]?["delta"]?["content"]?.stringValue
      }.joined()
    }
  }

  /// The first answer in `text` and what is behind it; nil where it is not complete.
  static func parse(_ text: String, isClosed: Bool) -> (HTTPAnswer, rest: String)? {
    let parts = text.components(by: "\r\n\r\n", atMost: 1)
    guard parts.count == 2 else { return nil }
    let lines = parts[0].components(by: "\r\n")
    let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
    if status == 100 { return parse(parts[1], isClosed: isClosed) }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let pair = line.components(by: ": ", atMost: 1)
      if pair.count == 2 { headers[pair[0].lowercased()] = pair[1] }
    }
    if headers["transfer-encoding"] == "chunked" {
      guard let (body, rest) = unchunked(parts[1]) ?? (isClosed ? (parts[1], "") : nil) else {
        return nil
      }
      return (HTTPAnswer(status: status, headers: headers, body: body), rest)
    }
    let length = Int(headers["content-length"] ?? "0") ?? 0
    let bytes = Array(parts[1].utf8)
    guard bytes.count >= length || isClosed else { return nil }
    return (
      HTTPAnswer(
        status: status, headers: headers,
        body: String(decoding: bytes.prefix(length), as: UTF8.self)),
      String(decoding: bytes.dropFirst(length), as: UTF8.self)
    )
  }

  private static func unchunked(_ text: String) -> (body: String, rest: String)? {
    var bytes = Array(text.utf8)[...]
    var body: [UInt8] = []
    while let end = bytes.firstIndex(of: 0x0A),
      let count = Int(String(decoding: bytes[..<(end - 1)], as: UTF8.self), radix: 16)
    {
      let start = end + 1
      guard bytes.endIndex >= start + count + 2 else { return nil }
      body += bytes[start..<(start + count)]
      bytes = bytes[(start + count + 2)...]
      if count == 0 {
        return (String(decoding: body, as: UTF8.self), String(decoding: bytes, as: UTF8.self))
      }
    }
    return nil
  }
}

extension String {
  /// The pieces between occurrences of a separator, with at most so many cuts.
  func components(by separator: String, atMost limit: Int = .max) -> [String] {
    split(separator: separator, maxSplits: limit, omittingEmptySubsequences: false).map(String.init)
  }
}
