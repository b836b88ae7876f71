// From characters to tokens: text, tags, and the white space that tags take away.
//
// The rules are those of Jinja with `trim_blocks` (a block or comment takes the line break behind
// it) and `lstrip_blocks` (one that stands first on its line takes the indentation before it);
// `-` inside a tag takes all white space on its side, `+` keeps it.

struct TemplateLexer {
  let source: [UInt8]
  var position = 0
  var tokens: [TemplateToken] = []

  /// All tokens of a template, `end` the last.
  static func tokens(of source: TemplateSource) throws(TemplateFault) -> [TemplateToken] {
    var lexer = TemplateLexer(source: source.utf8)
    try lexer.run()
    return lexer.tokens
  }

  private init(source: [UInt8]) { self.source = source }

  private mutating func run() throws(TemplateFault) {
    while let tag = nextTag(from: position) {
      let start = position
      position = tag
      let kind = source[tag + 1]
      position += 2
      let sign = readSign()
      let takesIndentation = kind != UInt8(ascii: "{")
      appendData(start..<tag, sign: sign, takesIndentation: takesIndentation)
      switch kind {
      case UInt8(ascii: "#"):
        try skipComment(from: tag)
      case UInt8(ascii: "{"):
        tokens.append(TemplateToken(kind: .variableBegin, position: tag))
        try readTag(from: tag, isBlock: false)
      default:
        if skipRawBegin() {
          try readRaw(from: tag)
        } else {
          tokens.append(TemplateToken(kind: .blockBegin, position: tag))
          try readTag(from: tag, isBlock: true)
        }
      }
    }
    appendData(position..<source.count, sign: nil, takesIndentation: false)
    tokens.append(TemplateToken(kind: .end, position: source.count))
  }

  /// Where the next `{{`, `{%` or `{#` is.
  private func nextTag(from start: Int) -> Int? {
    var place = start
    while let brace = source[place...].firstIndex(of: UInt8(ascii: "{")), brace + 1 < source.count {
      switch source[brace + 1] {
      case UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#"): return brace
      default: place = brace + 1
      }
    }
    return nil
  }

  /// A `-` or `+` at the beginning of a tag.
  private mutating func readSign() -> UInt8? {
    guard let sign = byte(), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else {
      return nil
    }
    position += 1
    return sign
  }

  /// Appends the text of `range`, which stands before a tag with `sign`.
  private mutating func appendData(_ range: Range<Int>, sign: UInt8?, takesIndentation: Bool) {
    var text = source[range]
    if sign == UInt8(ascii: "-") {
      text = text.withoutTrailingSpace
    } else if sign == nil, takesIndentation {
      let lineStart = text.lastIndex(of: 0x0A).map { $0 + 1 } ?? range.lowerBound
      let startsLine = lineStart == 0 || source[lineStart - 1] == 0x0A
      if startsLine, text[lineStart...].withoutLeadingSpace.isEmpty { text = text[..<lineStart] }
    }
    if !text.isEmpty {
      let data = TemplateToken.Kind.data(TemplateText(text))
      tokens.append(TemplateToken(kind: data, position: range.lowerBound))
    }
  }

  private mutating func skipComment(from start: Int) throws(TemplateFault) {
    guard let end = find("#}", from: position) else {
      // Jinja minds an open comment only where something stands in it.
      if position == source.count { return }
      throw TemplateFault(.syntax, "expected '#}' at the end of a comment", at: start)
    }
    let sign = end > position ? source[end - 1] : nil
    position = end + 2
    skipBehindBlock(sign: sign)
  }

  /// Skips what remains of `{% raw %}` behind `{%`; false where something else stands there.
  private mutating func skipRawBegin() -> Bool {
    var place = skippingSpace(from: position)
    guard source[place...].starts(with: "raw".utf8) else { return false }
    place = skippingSpace(from: place + 3)
    let takesSpace = place < source.count && source[place] == UInt8(ascii: "-")
    if takesSpace { place += 1 }
    guard source[place...].starts(with: "%}".utf8) else { return false }
    position = takesSpace ? skippingSpace(from: place + 2) : place + 2
    return true
  }

  /// Reads text as it is, to the end of `{% endraw %}`.
  private mutating func readRaw(from start: Int) throws(TemplateFault) {
    let dataStart = position
    while let tag = find("{%", from: position) {
      position = tag + 2
      let sign = readSign()
      let place = skippingSpace(from: position)
      guard source[place...].starts(with: "endraw".utf8) else { continue }
      position = skippingSpace(from: place + 6)
      let endSign = readSign()
      guard source[position...].starts(with: "%}".utf8) else { continue }
      position += 2
      appendData(dataStart..<tag, sign: sign, takesIndentation: true)
      skipBehindBlock(sign: endSign)
      return
    }
    throw TemplateFault(.syntax, "expected '{% endraw %}' after '{% raw %}'", at: start)
  }

  /// Reads tokens up to the end of a tag, and the white space behind it that the tag takes.
  private mutating func readTag(from start: Int, isBlock: Bool) throws(TemplateFault) {
    let end = isBlock ? "%}" : "}}"
    var open: [UInt8] = []
    while true {
      position = skippingSpace(from: position)
      guard let first = byte() else {
        throw TemplateFault(.syntax, "expected '\(end)' at the end of a tag", at: start)
      }
      let isSign = first == UInt8(ascii: "-") || isBlock && first == UInt8(ascii: "+")
      let endStart = isSign ? position + 1 : position
      if open.isEmpty, source[endStart...].starts(with: end.utf8) {
        let kind = isBlock ? TemplateToken.Kind.blockEnd : .variableEnd
        tokens.append(TemplateToken(kind: kind, position: position))
        position = endStart + 2
        if isBlock {
          skipBehindBlock(sign: isSign ? first : nil)
        } else if isSign {
          position = skippingSpace(from: position)
        }
        return
      }
      let token = try readToken()
      tokens.append(token)
      try balance(token, &open)
    }
  }

  /// Keeps the brackets that are open: inside them `}}` and `%}` do not end the tag.
  private func balance(_ token: TemplateToken, _ open: inout [UInt8]) throws(TemplateFault) {
    guard case .symbol(let symbol) = token.kind else { return }
    switch symbol {
    case .openParenthesis: open.append(UInt8(ascii: ")"))
    case .openBracket: open.append(UInt8(ascii: "]"))
    case .openBrace: open.append(UInt8(ascii: "}"))
    case .closeParenthesis, .closeBracket, .closeBrace:
      guard let expected = open.popLast() else {
        throw TemplateFault(.syntax, "'\(symbol.rawValue)' closes nothing", at: token.position)
      }
      if symbol.rawValue.utf8.first != expected {
        throw TemplateFault(
          .syntax, "expected '\(Unicode.Scalar(expected))', found '\(symbol.rawValue)'",
          at: token.position)
      }
    default: break
    }
  }

  /// Skips what a block or comment that ended with `sign` takes away behind it.
  private mutating func skipBehindBlock(sign: UInt8?) {
    if sign == UInt8(ascii: "-") {
      position = skippingSpace(from: position)
    } else if sign != UInt8(ascii: "+"), byte() == 0x0A {
      position += 1
    }
  }

  private func skippingSpace(from start: Int) -> Int {
    source[start...].withoutLeadingSpace.startIndex
  }

  private func find(_ text: StaticString, from start: Int) -> Int? {
    let wanted = text.description.utf8
    var place = start
    while let found = source[place...].firstIndex(of: wanted.first!) {
      if source[found...].starts(with: wanted) { return found }
      place = found + 1
    }
    return nil
  }

  /// The next byte, not consumed.
  func byte(_ ahead: Int = 0) -> UInt8? {
    position + ahead < source.count ? source[position + ahead] : nil
  }
}
