// Cutting strings apart and joining them.

extension TemplateStrings {
  static func split(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let (separator, limit) = try splitArguments(evaluator, arguments)
    guard let separator else { return try words(evaluator, text, limit: limit) }
    var parts: [TemplateValue] = []
    var start = 0
    for place in try evaluator.search(text).all(separator, limit: limit) {
      parts.append(try evaluator.string(TemplateText(text.utf8[start..<place])))
      start = place + separator.utf8.count
    }
    parts.append(try evaluator.string(TemplateText(text.utf8[start...])))
    return try evaluator.list(parts)
  }

  static func splitFromRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let (separator, limit) = try splitArguments(evaluator, arguments)
    guard let separator else { return try wordsFromRight(evaluator, text, limit: limit) }
    var parts: [TemplateValue] = []
    var end = text.utf8.count
    let search = evaluator.search(text)
    while parts.count < limit, let place = try search.last(separator, before: end) {
      try evaluator.budget.step()
      let start = place + separator.utf8.count
      parts.append(try evaluator.string(TemplateText(text.utf8[start..<end])))
      end = place
    }
    parts.append(try evaluator.string(TemplateText(text.utf8[..<end])))
    return try evaluator.list(parts.reversed())
  }

  /// The separator, nil for white space, and the greatest number of cuts.
  private static func splitArguments(
    _ evaluator: TemplateEvaluator, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> (separator: TemplateText?, limit: Int) {
    let given = try arguments.bind(["sep", "maxsplit"])
    let limit = try evaluator.integer(given[1], or: -1)
    var separator: TemplateText?
    switch given[0] {
    case nil, .null: break
    case let value?:
      separator = try evaluator.string(value)
      if separator?.utf8.isEmpty == true {
        throw evaluator.invalid("the separator must not be empty")
      }
    }
    return (separator, limit < 0 ? .max : limit)
  }

  private static func words(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, limit: Int
  ) throws(TemplateFault) -> TemplateValue {
    var parts: [TemplateValue] = []
    var rest = text.utf8[...].withoutLeadingSpace
    while !rest.isEmpty {
      var end = rest.endIndex
      if parts.count < limit {
        end = rest.startIndex
        while end < rest.endIndex, rest.spaceLength(at: end) == 0 { end += 1 }
      }
      parts.append(try evaluator.string(TemplateText(rest[..<end])))
      rest = rest[end...].withoutLeadingSpace
    }
    return try evaluator.list(parts)
  }

  private static func wordsFromRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, limit: Int
  ) throws(TemplateFault) -> TemplateValue {
    var parts: [TemplateValue] = []
    var rest = text.utf8[...].withoutTrailingSpace
    while !rest.isEmpty {
      var start = rest.startIndex
      if parts.count < limit {
        start = rest.endIndex
        while start > rest.startIndex, rest[..<start].withoutTrailingSpace.endIndex == start {
          start -= 1
          while rest[start] & 0xC0 == 0x80, start > rest.startIndex { start -= 1 }
        }
      }
      parts.append(try evaluator.string(TemplateText(rest[start...])))
      rest = rest[..<start].withoutTrailingSpace
    }
    return try evaluator.list(parts.reversed())
  }

  static func splitLines(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let keepsEnds = try arguments.bind(["keepends"])[0]?.isTrue ?? false
    let lines = text.lines(keepingEnds: keepsEnds)
    try evaluator.budget.make(text.utf8.count)
    return try evaluator.list(lines.map { .string(TemplateText($0)) })
  }

  static func partition(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let separator = try partitionArgument(evaluator, arguments)
    guard let place = try evaluator.search(text).first(separator) else {
      return try evaluator.list([.string(text), .string(""), .string("")], .tuple)
    }
    return try parts(evaluator, text, around: separator, at: place)
  }

  static func partitionFromRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let separator = try partitionArgument(evaluator, arguments)
    guard let place = try evaluator.search(text).last(separator) else {
      return try evaluator.list([.string(""), .string(""), .string(text)], .tuple)
    }
    return try parts(evaluator, text, around: separator, at: place)
  }

  private static func partitionArgument(
    _ evaluator: TemplateEvaluator, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateText {
    let separator = try evaluator.string(try arguments.bind(["sep"], required: 1)[0]!)
    guard !separator.utf8.isEmpty else {
      throw evaluator.invalid("the separator must not be empty")
    }
    return separator
  }

  private static func parts(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, around separator: TemplateText,
    at place: Int
  ) throws(TemplateFault) -> TemplateValue {
    let before = try evaluator.string(TemplateText(text.utf8[..<place]))
    let after = try evaluator.string(
      TemplateText(text.utf8[(place + separator.utf8.count)...]))
    return try evaluator.list([before, .string(separator), after], .tuple)
  }

  /// The parts with `separator` between them, escaped where that is safe text.
  static func join(
    _ evaluator: TemplateEvaluator, _ separator: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let parts = try arguments.bind(["iterable"], required: 1)[0]!
    let text = separator.text ?? ""
    var buffer: [UInt8] = []
    for (index, part) in try evaluator.elements(of: parts).enumerated() {
      let part = separator.isMarkup ? try evaluator.escaped(part) : try evaluator.string(part)
      try evaluator.budget.make(text.utf8.count + part.utf8.count)
      if index > 0 { buffer += text.utf8 }
      buffer += part.utf8
    }
    return separator.keepingSafety(of: .string(TemplateText(utf8: buffer)))
  }
}

extension TemplateText {
  /// The lines, parted by every line break that Python's `splitlines` knows.
  func lines(keepingEnds: Bool = false) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    var place = 0
    while place < utf8.count {
      var end = place
      switch utf8[place] {
      case 0x0D: end += place + 1 < utf8.count && utf8[place + 1] == 0x0A ? 2 : 1
      case 0x0A...0x0C, 0x1C...0x1E: end += 1
      case 0xC2, 0xE2:
        let (scalar, length) = Self.scalar(in: utf8[...], at: place)
        if scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}" { end += length }
      default: break
      }
      if end == place {
        place += 1
        continue
      }
      lines.append(utf8[start..<(keepingEnds ? end : place)])
      start = end
      place = end
    }
    if start < utf8.count { lines.append(utf8[start...]) }
    return lines
  }
}
