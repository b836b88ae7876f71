// The name of one request: a UUID of version 7 (RFC 9562), so that names sort by time.

/// A request's id, 128 bits: 48 of Unix milliseconds, then random.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
  /// The first eight bytes, most significant first.
  package let high: UInt64
  /// The last eight bytes, most significant first.
  package let low: UInt64

  /// An id with exactly these bits.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A new id for a request that came at this wall time.
  package init(
    wallMilliseconds: Int64, using generator: inout some RandomNumberGenerator
  ) {
    let time = UInt64(clamping: wallMilliseconds) & 0xFFFF_FFFF_FFFF
    high = time << 16 | 0x7000 | (generator.next() & 0x0FFF)
    low = 0x8000_0000_0000_0000 | (generator.next() >> 2)
  }

  /// The 16 bytes in network order.
  package var bytes: [UInt8] {
    var bytes = [UInt8]()
    bytes.reserveCapacity(16)
    for word in [high, low] {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }

  /// The id of 16 bytes in network order, nil for any other number of bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    let words = bytes.reduce(into: (high: UInt64(0), low: UInt64(0))) { words, byte in
      words.high = words.high << 8 | words.low >> 56
      words.low = words.low << 8 | UInt64(byte)
    }
    self.init(high: words.high, low: words.low)
  }

  /// The id that 32 hexadecimal digits spell, with hyphens anywhere between them; nil for other text.
  package init?(_ text: some StringProtocol) {
    let digits = String(text).filter { $0 != "-" }
    guard digits.utf8.count == 32, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
      let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  /// The id in whatever a client was shown of it: alone, or in the id of an answer, such as
  /// `chatcmpl-ID`, `resp_ID` or `msg_ID_0`; nil for other text.
  package init?(inAnswerID text: some StringProtocol) {
    let text = String(text)
    let word = text.prefix { $0.isASCII && $0.isLetter }
    let rest = text.dropFirst(word.count)
    let hasWord = !word.isEmpty && (rest.first == "-" || rest.first == "_")
    let id = String(rest.dropFirst().prefix { $0 != "_" })
    guard let found = RequestID(text) ?? (hasWord ? RequestID(id) : nil) else { return nil }
    self = found
  }

  /// The month in whose file the request stands: that of the moment in its id.
  package var month: UTCMonth { UTCMonth(wallMilliseconds: Int64(high >> 16)) }

  /// The 36 characters that clients see, in lower case.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8]()
    text.reserveCapacity(36)
    for (index, byte) in bytes.enumerated() {
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
