// How the shapes of answers tell a token with how likely the model found it.

import JSON
import Transformer

extension ScoredToken {
  /// As chats and responses tell it: `{"token","logprob","bytes","top_logprobs"}`.
  func write(to bytes: inout [UInt8]) {
    chosen.write(to: &bytes)
    bytes += ",\"top_logprobs\":[".utf8
    for (index, entry) in likeliest.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      entry.write(to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes += "]}".utf8
  }
}

extension ScoredToken {
  /// A name that no other token has: its text, or its bytes where they are no text of their own.
  static func name(of bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let digits = Array("0123456789abcdef")
    return "bytes:"
      + bytes.map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
  }
}

extension [ScoredToken] {
  /// The elements of a JSON array, without its brackets.
  func writeElements(to bytes: inout [UInt8]) {
    for (index, token) in enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      token.write(to: &bytes)
    }
  }

  /// The elements as a JSON array.
  var json: JSONValue { .array(map(\.json)) }
}

extension ScoredToken {
  /// The same as a value.
  var json: JSONValue {
    var object = chosen.json
    object["top_logprobs"] = .array(likeliest.map { .object($0.json) })
    return .object(object)
  }
}

extension ScoredToken.Entry {
  /// What of it is text; bytes that are none are replaced.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// A name that no other token has: its text, or its bytes where they are no text of their own.
  var key: String { ScoredToken.name(of: bytes) }

  fileprivate var json: JSONObject {
    [
      "token": .string(text), "logprob": .number(Double("\(logProbability)") ?? 0),
      "bytes": .array(bytes.map { .integer(Int64($0)) }),
    ]
  }

  /// The object's members without its end.
  fileprivate func write(to output: inout [UInt8]) {
    output += #"{"token":""#.utf8
    JSONWriter.escape(text, into: &output)
    output += "\",\"logprob\":\(logProbability),\"bytes\":[".utf8
    for (index, byte) in bytes.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output += "\(byte)".utf8
    }
    output.append(UInt8(ascii: "]"))
  }
}
