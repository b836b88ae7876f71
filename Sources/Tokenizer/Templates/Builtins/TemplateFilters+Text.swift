// Filters that make text of text. Other values are turned into text first.

extension TemplateFilters {
  /// A filter without arguments that makes other text of the text.
  static func mapped(
    walks: Bool = false, _ change: @escaping @Sendable (TemplateText) -> TemplateText
  ) -> TemplateFunction {
    { (evaluator, value, arguments) throws(TemplateFault) in
      let text = try evaluator.text(of: value)
      return value.keepingSafety(
        of: try TemplateStrings.mapped(walks: walks, change)(evaluator, text, arguments))
    }
  }

  static func string(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    if value.text != nil { return value }
    return .string(try evaluator.text(of: value))
  }

  static func trim(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let text = try evaluator.text(of: value)
    return value.keepingSafety(of: try TemplateStrings.strip(evaluator, text, arguments))
  }

  static func center(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let width = try arguments.bind(["width"])[0] ?? .int(80)
    return try TemplateStrings.center(
      evaluator, try evaluator.text(of: value), TemplateArguments(positional: [width]))
  }

  static func replace(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["old", "new", "count"], required: 2)
    var limit = -1
    if let count = given[2], count.type != .none { limit = try evaluator.integer(count, or: -1) }
    var (text, old, new) = (value, given[0]!, given[1]!)
    if evaluator.escapes {
      if old.isMarkup || new.isMarkup { text = .markup(try evaluator.escaped(text)) }
      if text.isMarkup { new = .markup(try evaluator.escaped(new)) }
    } else {
      text = .string(try evaluator.text(of: text))
    }
    return text.keepingSafety(
      of: .string(
        try evaluator.replacing(
          try evaluator.text(of: old), with: try evaluator.text(of: new),
          in: try evaluator.text(of: text), limit: limit)))
  }

  static func format(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard arguments.positional.isEmpty || arguments.named.isEmpty else {
      throw evaluator.invalid("'format' takes arguments by place or by name, not both")
    }
    let format = try evaluator.text(of: value)
    var values = try evaluator.list(arguments.positional, .tuple)
    if !arguments.named.isEmpty {
      var members = TemplateDictBuilder()
      for (name, value) in arguments.named { members[.string(name)] = value }
      values = try evaluator.dict(members)
    }
    return value.keepingSafety(
      of: try evaluator.formatted(format, with: values, escapes: value.isMarkup))
  }

  static func indent(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["width", "first", "blank"])
    let text = try evaluator.string(value)
    let indent = try evaluator.indentation(given[0] ?? .int(4))
    let indentsFirst = given[1]?.isTrue ?? false
    let indentsBlank = given[2]?.isTrue ?? false
    // A line break behind the last line would be lost with the lines' ends.
    let lines = TemplateText(utf8: text.utf8 + [0x0A]).lines()
    try evaluator.budget.make(text.utf8.count + lines.count)
    var result: [UInt8] = []
    for (index, line) in lines.enumerated() {
      if index > 0 { result.append(0x0A) }
      if index > 0 ? indentsBlank || !line.isEmpty : indentsFirst {
        try evaluator.budget.make(indent.utf8.count)
        result += indent.utf8
      }
      result += line
    }
    return value.keepingSafety(of: .string(TemplateText(utf8: result)))
  }

  static func truncate(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["length", "killwords", "end", "leeway"])
    let end = try evaluator.string(given[2], or: "...")
    let length = try evaluator.integer(given[0], or: 255)
    let leeway = try evaluator.integer(given[3], or: 5)
    guard length >= end.count, leeway >= 0 else {
      throw evaluator.invalid("'length' must not be less than that of 'end', nor 'leeway' negative")
    }
    if try evaluator.length(of: value) - leeway <= length { return value }
    let text = try evaluator.string(value)
    var kept = text.utf8[..<text.offset(ofScalar: length - end.count)]
    if given[1]?.isTrue != true, let space = kept.lastIndex(of: UInt8(ascii: " ")) {
      kept = kept[..<space]
    }
    return try evaluator.string(TemplateText(utf8: kept + end.utf8))
  }

  static func wordCount(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    let text = try evaluator.text(of: value)
    try evaluator.budget.walk(text.utf8.count)
    var count = 0
    var isInWord = false
    for scalar in text.scalars {
      let isPart =
        scalar == "_" || scalar.isPythonLetter || scalar.properties.numericType != nil
      if isPart, !isInWord { count += 1 }
      isInWord = isPart
    }
    return .int(count)
  }
}

extension TemplateEvaluator {
  /// What a line is indented by: a string, or a number of spaces.
  func indentation(_ value: TemplateValue) throws(TemplateFault) -> TemplateText {
    if let text = value.text { return text }
    return try repeated(" ", try integer(value, or: 0))
  }
}

extension TemplateText {
  /// Each word with its first letter in upper case and the others in lower case; white space,
  /// hyphens and opening brackets part words.
  var titlecasedWords: TemplateText {
    var isInWord = false
    var result = ""
    for scalar in scalars {
      let parts = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
      let properties = scalar.properties
      result += isInWord ? properties.lowercaseMapping : properties.uppercaseMapping
      isInWord = !parts
    }
    return TemplateText(result)
  }
}
