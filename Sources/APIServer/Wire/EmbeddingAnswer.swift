// What an embedding request is answered with.

import JSON

/// The shape of a list of vectors.
struct EmbeddingAnswer {
  let model: String
  let promptTokens: Int
  let isBase64: Bool

  func body(of vectors: [[Float]]) -> [UInt8] {
    var writer = JSONWriter()
    writer.write(raw: #"{"object":"list","data":["#)
    for (index, vector) in vectors.enumerated() {
      writer.write(raw: index == 0 ? "" : ",")
      writer.write(raw: "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":")
      if isBase64 {
        writer.write(string: Self.base64(vector))
      } else {
        writer.write(raw: "[\(vector.map(\.description).joined(separator: ","))]")
      }
      writer.write(raw: "}")
    }
    writer.write(raw: "],\"model\":")
    writer.write(string: model)
    writer.write(
      raw: ",\"usage\":{\"prompt_tokens\":\(promptTokens),\"total_tokens\":\(promptTokens)}}")
    return writer.bytes
  }

  /// The bytes of little-endian float32, four letters for three of them (RFC 4648).
  static func base64(_ vector: [Float]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vector.count * 4)
    for value in vector {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
      }
    }
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var group: UInt32 = 0
      for place in 0..<3 {
        group = group << 8 | (place < part.count ? UInt32(part[start + place]) : 0)
      }
      for place in 0..<4 {
        let letter = letters[Int(group >> (18 - 6 * UInt32(place)) & 63)]
        text.append(place <= part.count ? letter : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
