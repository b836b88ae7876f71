// Filters for HTML and addresses.

extension TemplateFilters {
  static func safe(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    return .markup(try evaluator.text(of: value))
  }

  static func escape(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    return .markup(try evaluator.escaped(value))
  }

  static func forceEscape(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    return .markup(try evaluator.escaped(.string(try evaluator.text(of: value))))
  }

  /// Text without tags and comments, with one space for each run of white space, and with
  /// characters instead of references to them.
  static func withoutTags(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    var text = try evaluator.text(of: value)
    try evaluator.budget.walk(text.utf8.count * 2)
    try evaluator.budget.make(text.utf8.count * 2)
    text = try evaluator.removing("<!--", "-->", from: text)
    text = try evaluator.removing("<", ">", from: text)
    var words: [UInt8] = []
    var rest = text.utf8[...].withoutLeadingSpace
    while let first = rest.first {
      if rest.spaceLength(at: rest.startIndex) > 0 {
        rest = rest.withoutLeadingSpace
        if !rest.isEmpty { words.append(0x20) }
      } else {
        words.append(first)
        rest.removeFirst()
      }
    }
    return .string(TemplateText(TemplateEntities.resolved(String(decoding: words, as: UTF8.self))))
  }

  /// `name="value"` for each member that is neither none nor undefined.
  static func attributes(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let startsWithSpace = try arguments.bind(["autospace"])[0]?.isTrue ?? true
    guard case .dict(let dict) = value else {
      throw evaluator.invalid("'xmlattr' needs a mapping, not \(value.type.name)")
    }
    var result: [UInt8] = []
    for (key, value) in zip(dict.keys, dict.values) {
      if value.isUndefined || value.type == .none { continue }
      let name = try evaluator.string(key)
      guard !name.utf8.contains(where: { " \t\n\r\u{B}\u{C}/>=".utf8.contains($0) }) else {
        throw evaluator.invalid("the name of an attribute holds a space, '/', '>' or '='")
      }
      if !result.isEmpty || startsWithSpace { result.append(0x20) }
      result += try evaluator.escaped(key).utf8
      result += "=\"".utf8
      result += try evaluator.escaped(value).utf8
      result.append(UInt8(ascii: "\""))
    }
    try evaluator.budget.make(result.count)
    return evaluator.captured(TemplateText(utf8: result))
  }

  static func urlEncoded(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    let pairs: [TemplateValue]
    switch value {
    case .dict: pairs = try evaluator.items(of: value)
    case .list: pairs = try evaluator.elements(of: value)
    case .object(let id) where id.kind == .generator: pairs = try evaluator.elements(of: value)
    case .undefined: return .string("")
    default: return .string(try evaluator.percentEncoded(value, isQuery: false))
    }
    var result: [UInt8] = []
    for pair in pairs {
      let parts = try evaluator.elements(of: pair)
      guard parts.count == 2 else { throw evaluator.invalid("'urlencode' needs pairs") }
      if !result.isEmpty { result.append(UInt8(ascii: "&")) }
      result += try evaluator.percentEncoded(parts[0], isQuery: true).utf8
      result.append(UInt8(ascii: "="))
      result += try evaluator.percentEncoded(parts[1], isQuery: true).utf8
    }
    return .string(TemplateText(utf8: result))
  }
}

extension TemplateEvaluator {
  /// The value as safe text: with HTML's entities unless it is safe already.
  func escaped(_ value: TemplateValue) throws(TemplateFault) -> TemplateText {
    if case .markup(let text) = value { return text }
    let text = try text(of: value)
    // The longest entity stands for one byte.
    try budget.make(text.utf8.count * 5)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): result += "&amp;".utf8
      case UInt8(ascii: "<"): result += "&lt;".utf8
      case UInt8(ascii: ">"): result += "&gt;".utf8
      case UInt8(ascii: "\""): result += "&#34;".utf8
      case UInt8(ascii: "'"): result += "&#39;".utf8
      default: result.append(byte)
      }
    }
    return TemplateText(utf8: result)
  }

  /// The text without what stands between `start` and the `end` that follows it, both included.
  fileprivate func removing(
    _ start: TemplateText, _ end: TemplateText, from text: TemplateText
  ) throws(TemplateFault) -> TemplateText {
    let search = search(text)
    var result: [UInt8] = []
    var place = 0
    while let first = try search.first(start, from: place),
      let last = try search.first(end, from: first + 1)
    {
      try budget.step()
      result += text.utf8[place..<first]
      place = last + end.utf8.count
    }
    result += text.utf8[place...]
    return TemplateText(utf8: result)
  }

  /// The value as part of an address. In a query a space is `+`, elsewhere `/` stays as it is.
  fileprivate func percentEncoded(
    _ value: TemplateValue, isQuery: Bool
  ) throws(TemplateFault) -> TemplateText {
    let text = try text(of: value)
    try budget.walk(text.utf8.count)
    try budget.make(text.utf8.count * 3)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        result.append(byte)
      case UInt8(ascii: "/") where !isQuery: result.append(byte)
      case 0x20 where isQuery: result.append(UInt8(ascii: "+"))
      default:
        result += (byte < 16 ? "%0" : "%").utf8
        result += String(byte, radix: 16, uppercase: true).utf8
      }
    }
    return TemplateText(utf8: result)
  }
}
