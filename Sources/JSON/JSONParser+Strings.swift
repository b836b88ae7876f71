// Strings: a quick way for those without escapes, and exact errors for those that are not text.

extension JSONParser {
  /// The string whose opening quote is next.
  mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return try text(of: bytes[start..<(position - 1)], writtenAt: start)
      case UInt8(ascii: "\\"):
        return try escapedString(from: start)
      case 0..<0x20:
        throw controlCharacter()
      default:
        position += 1
      }
    }
    throw unexpected("the closing quote of a string")
  }

  /// The rest of a string that began at `start` and has its first escape at `position`.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var content = Array(bytes[start..<position])
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return try text(of: content[...], writtenAt: start)
      case UInt8(ascii: "\\"):
        try escape(into: &content)
      case 0..<0x20:
        throw controlCharacter()
      case let byte:
        content.append(byte)
        position += 1
      }
    }
    throw unexpected("the closing quote of a string")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    guard position + 1 < bytes.count else {
      position = bytes.count
      throw unexpected("an escape sequence")
    }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      content.append(bytes[position + 1])
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      content.append(contentsOf: UTF8.encode(try unicodeEscape())!)
      return
    default:
      throw error(.invalidEscape, "a backslash must be followed by one of \" \\ / b f n r t u")
    }
    position += 2
  }

  /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if UTF16.isLeadSurrogate(first), position < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u")
    {
      let second = try codeUnit()
      if UTF16.isTrailSurrogate(second) {
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
      }
    }
    throw error(.loneSurrogate, "half a surrogate pair is not text", at: start)
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for place in (position + 2)..<(position + 6) {
      guard place < bytes.count, let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue
      else {
        throw error(.invalidEscape, "\\u must be followed by four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
    }
    position += 6
    return unit
  }

  /// The text of a string's content, which was written from `start` on.
  private func text(
    of content: ArraySlice<UInt8>, writtenAt start: Int
  ) throws(JSONError) -> String {
    if let text = String(validating: content, as: UTF8.self) { return text }
    // Escapes are ASCII, so the fault lies at the same bytes as written.
    var written = bytes[start..<position].makeIterator()
    var parser = Unicode.UTF8.ForwardParser()
    var place = start
    while case .valid(let scalar) = parser.parseScalar(from: &written) { place += scalar.count }
    throw error(.invalidUTF8, "a string must be UTF-8, found \(found(at: place))", at: place)
  }

  private func controlCharacter() -> JSONError {
    error(
      .controlCharacter,
      "expected a control character in a string to be escaped, found \(found())")
  }
}
