// Methods of strings that exchange characters.

extension TemplateStrings {
  /// Each tab as the spaces up to the next column that the tab's size divides.
  static func expandTabs(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let size = try evaluator.integer(try arguments.bind(["tabsize"])[0], or: 8)
    try evaluator.budget.make(text.utf8.count)
    var result: [UInt8] = []
    var column = 0
    for byte in text.utf8 {
      switch byte {
      case 0x09:
        guard size > 0 else { continue }
        let count = size - column % size
        result += try evaluator.repeated(" ", count).utf8
        column = 0
        continue
      case 0x0A, 0x0D: column = 0
      default: if byte & 0xC0 != 0x80 { column += 1 }
      }
      result.append(byte)
    }
    return .string(TemplateText(utf8: result))
  }

  /// Characters exchanged by a mapping of code points to text, code points or none.
  static func translate(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard case .dict(let table)? = try arguments.bind(["table"], required: 1)[0] else {
      throw evaluator.invalid("'translate' needs a mapping")
    }
    try evaluator.budget.walk(text.utf8.count * (1 + min(table.keys.count, 1 << 20)))
    var result: [UInt8] = []
    for scalar in text.scalars {
      switch table[.int(Int(scalar.value))] {
      case nil: result.append(contentsOf: UTF8.encode(scalar)!)
      case .null?: break
      case .string(let other)?, .markup(let other)?:
        try evaluator.budget.make(other.utf8.count)
        result += other.utf8
      case let other?:
        guard let code = other.integer,
          let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init)
        else { throw evaluator.invalid("'translate' needs text, code points or none") }
        result.append(contentsOf: UTF8.encode(scalar)!)
      }
    }
    return try evaluator.string(TemplateText(utf8: result))
  }

  /// The mapping that `translate` takes: of another mapping, or of two strings of one length and a
  /// third with what goes away.
  static func makeTranslation(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["x", "y", "z"], required: 1)
    var table = TemplateDictBuilder()
    if given[1] == nil {
      guard case .dict(let dict)? = given[0] else {
        throw evaluator.invalid("'maketrans' needs a mapping or two strings")
      }
      for (key, value) in zip(dict.keys, dict.values) {
        try evaluator.budget.step(1 + table.keys.count / 8)
        guard let code = key.integer ?? Self.onlyCode(of: key.text) else {
          throw evaluator.invalid("the keys of a translation must be characters")
        }
        table[.int(code)] = value
      }
      return try evaluator.dict(table)
    }
    let (from, to) = (try evaluator.string(given[0]!), try evaluator.string(given[1]!))
    guard from.count == to.count else {
      throw evaluator.invalid("the strings of a translation must have one length")
    }
    for (old, new) in zip(from.scalars, to.scalars) {
      try evaluator.budget.step(1 + table.keys.count / 8)
      table[.int(Int(old.value))] = .int(Int(new.value))
    }
    for scalar in try evaluator.string(given[2], or: "").scalars {
      try evaluator.budget.step(1 + table.keys.count / 8)
      table[.int(Int(scalar.value))] = .null
    }
    return try evaluator.dict(table)
  }

  private static func onlyCode(of text: TemplateText?) -> Int? {
    guard let text, text.count == 1 else { return nil }
    return text.scalars.first.map { Int($0.value) }
  }
}

extension TemplateText {
  /// Whether Python could take the text for a name.
  var isIdentifier: Bool {
    var isFirst = true
    for scalar in scalars {
      let properties = scalar.properties
      guard scalar == "_" || (isFirst ? properties.isXIDStart : properties.isXIDContinue) else {
        return false
      }
      isFirst = false
    }
    return !isFirst
  }

  /// The text in the form in which cases do not differ.
  var caseFolded: TemplateText {
    if isASCII { return lowercased }
    var result = ""
    for scalar in scalars {
      switch scalar.value {
      // A small dotless i is no i, and Cherokee folds to capitals.
      case 0x131, 0x13A0...0x13F5: result.unicodeScalars.append(scalar)
      case 0x13F8...0x13FD, 0xAB70...0xABBF: result += scalar.properties.uppercaseMapping
      default:
        for lower in scalar.properties.lowercaseMapping.unicodeScalars {
          for upper in lower.properties.uppercaseMapping.unicodeScalars {
            result += upper.properties.lowercaseMapping
          }
        }
      }
    }
    return TemplateText(result)
  }
}
