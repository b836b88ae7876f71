// The tokens inside a tag: names, numbers, strings, operators.

extension TemplateLexer {
  /// The token that begins at `position`, which is not at the end.
  mutating func readToken() throws(TemplateFault) -> TemplateToken {
    let start = position
    let kind: TemplateToken.Kind
    switch source[position] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      kind = try readNumber()
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      kind = .string(try readString())
    case let byte:
      if let name = readName() {
        kind = .name(name)
      } else if let symbol = readSymbol() {
        kind = .symbol(symbol)
      } else {
        let (scalar, _) = TemplateText.scalar(in: source[...], at: position)
        let shown = byte < 0x20 ? "a control character" : "'\(scalar)'"
        throw TemplateFault(.syntax, "unexpected \(shown) in a tag", at: position)
      }
    }
    return TemplateToken(kind: kind, position: start)
  }

  private mutating func readName() -> TemplateText? {
    let start = position
    while position < source.count {
      let length = namePartLength(isFirst: position == start)
      if length == 0 { break }
      position += length
    }
    return position > start ? TemplateText(source[start..<position]) : nil
  }

  /// How many bytes of a name begin at `position`: one code point, or 0.
  private func namePartLength(isFirst: Bool) -> Int {
    switch source[position] {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      return 1
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return isFirst ? 0 : 1
    case 0x80...:
      let (scalar, length) = TemplateText.scalar(in: source[...], at: position)
      let properties = scalar.properties
      return (isFirst ? properties.isXIDStart : properties.isXIDContinue) ? length : 0
    default: return 0
    }
  }

  private mutating func readSymbol() -> TemplateToken.Symbol? {
    let first = UInt16(source[position])
    if let next = byte(1), let symbol = TemplateToken.Symbol.all[first << 8 | UInt16(next)] {
      position += 2
      return symbol
    }
    guard let symbol = TemplateToken.Symbol.all[first] else { return nil }
    position += 1
    return symbol
  }

  private mutating func readNumber() throws(TemplateFault) -> TemplateToken.Kind {
    let start = position
    if byte() == UInt8(ascii: "0"), let radix = byte(1).flatMap(Self.radix), isDigit(2, radix) {
      position += 2
      let digits = readDigits(radix)
      return .integer(try integer(digits, radix: radix, at: start))
    }
    var digits = readDigits(10)
    // After a dot stands the index of an element: in `a.0.1` there is no fraction.
    let followsDot = start > 0 && source[start - 1] == UInt8(ascii: ".")
    var isFloat = false
    if !followsDot, byte() == UInt8(ascii: "."), isDigit(1) {
      isFloat = true
      position += 1
      digits += "." + readDigits(10)
    }
    if !followsDot, byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
      let isSigned = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
      if isDigit(isSigned ? 2 : 1) {
        isFloat = true
        digits += isSigned && byte(1) == UInt8(ascii: "-") ? "e-" : "e"
        position += isSigned ? 2 : 1
        digits += readDigits(10)
      }
    }
    if isFloat { return .float(Double(digits) ?? .infinity) }
    if digits.utf8.count > 1, digits.utf8.first == UInt8(ascii: "0"), Int(digits) != 0 {
      throw TemplateFault(.syntax, "a number must not begin with a zero", at: start)
    }
    return .integer(try integer(digits, radix: 10, at: start))
  }

  private func integer(
    _ digits: String, radix: Int, at start: Int
  ) throws(TemplateFault) -> Int {
    guard let value = Int(digits, radix: radix) else {
      throw TemplateFault(.syntax, "an integer must fit 64 bits", at: start)
    }
    return value
  }

  private static func radix(_ letter: UInt8) -> Int? {
    switch letter {
    case UInt8(ascii: "x"), UInt8(ascii: "X"): 16
    case UInt8(ascii: "o"), UInt8(ascii: "O"): 8
    case UInt8(ascii: "b"), UInt8(ascii: "B"): 2
    default: nil
    }
  }

  private func isDigit(_ ahead: Int, _ radix: Int = 10) -> Bool {
    guard let byte = byte(ahead) else { return false }
    return Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false
  }

  /// Digits, in which single underscores may stand.
  private mutating func readDigits(_ radix: Int) -> String {
    var digits = ""
    while let next = byte() {
      if isDigit(0, radix) {
        digits.unicodeScalars.append(Unicode.Scalar(next))
      } else if next != UInt8(ascii: "_") || !isDigit(1, radix) {
        break
      }
      position += 1
    }
    return digits
  }

  /// A string literal with Python's escape sequences; an unknown one stays as it is.
  private mutating func readString() throws(TemplateFault) -> TemplateText {
    let start = position
    let quote = source[position]
    var content: [UInt8] = []
    position += 1
    while let byte = byte() {
      position += 1
      if byte == quote { return TemplateText(utf8: content) }
      if byte == UInt8(ascii: "\\"), self.byte() != nil {
        try readEscape(into: &content)
      } else {
        content.append(byte)
      }
    }
    throw TemplateFault(.syntax, "expected the closing quote of a string", at: start)
  }

  /// What stands behind a backslash.
  private mutating func readEscape(into content: inout [UInt8]) throws(TemplateFault) {
    let letter = source[position]
    position += 1
    switch letter {
    case 0x0A: break
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(letter)
    case UInt8(ascii: "a"): content.append(0x07)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "v"): content.append(0x0B)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      position -= 1
      var value: UInt32 = 0
      for _ in 0..<3 where isDigit(0, 8) {
        value = value * 8 + UInt32(source[position] - UInt8(ascii: "0"))
        position += 1
      }
      content.append(contentsOf: UTF8.encode(Unicode.Scalar(value)!)!)
    case UInt8(ascii: "N"):
      throw TemplateFault(
        .syntax, "characters cannot be named by '\\N'; write '\\u' and the code point",
        at: position - 2)
    case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
      content.append(contentsOf: UTF8.encode(try readCodePoint(letter))!)
    default:
      content.append(UInt8(ascii: "\\"))
      content.append(letter)
    }
  }

  /// The code point behind `\x`, `\u` or `\U`, or of two `\u` that are a surrogate pair.
  private mutating func readCodePoint(_ letter: UInt8) throws(TemplateFault) -> Unicode.Scalar {
    let start = position - 2
    let width = letter == UInt8(ascii: "x") ? 2 : letter == UInt8(ascii: "u") ? 4 : 8
    var value = try readHexadecimal(width)
    if UTF16.isLeadSurrogate(UInt16(truncatingIfNeeded: value)), value < 0x10000,
      byte() == UInt8(ascii: "\\"), byte(1) == UInt8(ascii: "u")
    {
      position += 2
      let second = try readHexadecimal(4)
      if UTF16.isTrailSurrogate(UInt16(second)) {
        value = 0x10000 + ((value & 0x3FF) << 10 | second & 0x3FF)
      }
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw TemplateFault(.syntax, "an escape sequence must name a Unicode scalar", at: start)
    }
    return scalar
  }

  private mutating func readHexadecimal(_ width: Int) throws(TemplateFault) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<width {
      guard let next = byte(), let digit = Character(Unicode.Scalar(next)).hexDigitValue,
        value < 0x1000_0000
      else {
        throw TemplateFault(
          .syntax, "expected \(width) hexadecimal digits in an escape sequence", at: position)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
