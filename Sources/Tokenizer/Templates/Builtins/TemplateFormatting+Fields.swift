// `'{} {name}'.format(…)`, Python's second way.

extension TemplateEvaluator {
  /// `format.format(...)`; with `escapes`, as safe text does it: what is not safe is escaped.
  func formatted(
    _ format: TemplateText, with arguments: TemplateArguments, escapes: Bool = false
  ) throws(TemplateFault) -> TemplateValue {
    var fields = TemplateFields(evaluator: self, arguments: arguments, escapes: escapes)
    let text = TemplateText(utf8: try fields.written(format.scalars[...], depth: 0))
    return try string(text)
  }
}

/// The fields of one format, which are numbered from the left or by themselves.
private struct TemplateFields {
  let evaluator: TemplateEvaluator
  let arguments: TemplateArguments
  let escapes: Bool
  private var nextIndex = 0
  private var hasNumbers = false

  init(evaluator: TemplateEvaluator, arguments: TemplateArguments, escapes: Bool) {
    self.evaluator = evaluator
    self.arguments = arguments
    self.escapes = escapes
  }

  /// The format with its fields filled in. A field's specification may have fields of its own.
  mutating func written(
    _ format: Substring.UnicodeScalarView, depth: Int
  ) throws(TemplateFault) -> [UInt8] {
    guard depth < 2 || format.isEmpty else {
      throw evaluator.invalid("fields in a format are nested too deeply")
    }
    try evaluator.budget.walk(format.count)
    var result: [UInt8] = []
    var scalars = format
    while let scalar = scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      if scalars.first == scalar {
        scalars.removeFirst()
        result.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      guard scalar == "{", let end = Self.end(of: scalars) else {
        throw evaluator.invalid("a brace in a format is not paired")
      }
      result += try written(field: scalars[..<end], depth: depth)
      scalars = scalars[end...].dropFirst()
    }
    return result
  }

  /// Where the brace stands that closes the field.
  private static func end(of scalars: Substring.UnicodeScalarView) -> String.Index? {
    var open = 1
    for (index, scalar) in zip(scalars.indices, scalars) {
      if scalar == "{" { open += 1 }
      if scalar == "}" { open -= 1 }
      if open == 0 { return index }
    }
    return nil
  }

  private mutating func written(
    field: Substring.UnicodeScalarView, depth: Int
  ) throws(TemplateFault) -> [UInt8] {
    try evaluator.budget.step(8)
    let colon = field.firstIndex(of: ":") ?? field.endIndex
    var name = field[..<colon]
    var conversion: Unicode.Scalar?
    if let mark = name.firstIndex(of: "!") {
      let letters = name[mark...].dropFirst()
      guard letters.count == 1, let letter = letters.first, "sra".unicodeScalars.contains(letter)
      else { throw evaluator.invalid("a conversion in a format must be 's', 'r' or 'a'") }
      conversion = letter
      name = name[..<mark]
    }
    var value = try self.value(String(name))
    switch conversion {
    case nil: break
    case "s": value = .string(try evaluator.text(of: value))
    default: value = .string(try evaluator.representation(of: value, isASCII: conversion == "a"))
    }
    let specification = try written(field[colon...].dropFirst(), depth: depth + 1)
    let text = String(decoding: specification, as: UTF8.self)
    let format = try fieldFormat(text.unicodeScalars[...])
    let result = try evaluator.formatted(value, as: format)
    if !escapes { return result }
    if case .markup = value { return result }
    return try evaluator.escaped(.string(TemplateText(utf8: result))).utf8
  }

  /// The value of `name`, `0`, nothing (the next by place), and of attributes and elements of it.
  private mutating func value(_ name: String) throws(TemplateFault) -> TemplateValue {
    let parts = name.split(omittingEmptySubsequences: false) { ".[]".contains($0) }
    let head = TemplateText(String(parts.first ?? ""))
    var value: TemplateValue?
    if head.utf8.isEmpty || Int(head.string) != nil {
      guard parts.count == 1 || !head.utf8.isEmpty else {
        throw evaluator.invalid("a field of a format needs a name before '.' or '['")
      }
      if head.utf8.isEmpty ? hasNumbers : nextIndex > 0 {
        throw evaluator.invalid("a format has fields with and without numbers")
      }
      let index = Int(head.string) ?? nextIndex
      if head.utf8.isEmpty { nextIndex += 1 } else { hasNumbers = true }
      if arguments.positional.indices.contains(index) { value = arguments.positional[index] }
    } else {
      try evaluator.budget.step(arguments.named.count >> 3)
      value = arguments.named.first { $0.name == head }?.value
    }
    guard var result = value else {
      throw evaluator.invalid("the format asks for a value that is not there")
    }
    for part in parts.dropFirst() where !part.isEmpty {
      let key = Int(part).map(TemplateValue.int) ?? .string(TemplateText(String(part)))
      result = try evaluator.element(key, of: result)
    }
    return result
  }

  private func fieldFormat(
    _ specification: Substring.UnicodeScalarView
  ) throws(TemplateFault) -> TemplateFormat {
    var format = TemplateFormat()
    var rest = specification
    func alignment(_ scalar: Unicode.Scalar?) -> TemplateFormat.Alignment? {
      switch scalar {
      case "<": .left
      case ">": .right
      case "^": .center
      case "=": .afterSign
      default: nil
      }
    }
    func skip(_ scalar: Unicode.Scalar) -> Bool {
      guard rest.first == scalar else { return false }
      rest.removeFirst()
      return true
    }
    if let filling = rest.first, let found = alignment(rest.dropFirst().first) {
      format.filling = filling
      format.alignment = found
      rest.removeFirst(2)
    } else if let found = alignment(rest.first) {
      format.alignment = found
      rest.removeFirst()
    }
    if let sign = rest.first, "+- ".unicodeScalars.contains(sign) {
      format.sign = sign == "-" ? nil : sign
      rest.removeFirst()
    }
    format.dropsZeroSign = skip("z")
    format.isAlternate = skip("#")
    format.isZeroPadded = skip("0")
    format.width = try TemplateEvaluator.formatNumber(&rest) ?? 0
    if let separator = rest.first, separator == "," || separator == "_" {
      format.separator = separator
      rest.removeFirst()
    }
    if skip(".") {
      guard let precision = try TemplateEvaluator.formatNumber(&rest) else {
        throw evaluator.invalid("a format has no digits behind its point")
      }
      format.precision = precision
    }
    format.type = rest.popFirst()
    guard rest.isEmpty else {
      throw evaluator.invalid("a format specification is not understood")
    }
    return format
  }
}

extension TemplateStrings {
  static func format(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let result = try evaluator.formatted(
      value.text ?? "", with: arguments, escapes: value.isMarkup)
    return value.keepingSafety(of: result)
  }

  static func formatMapping(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard case .dict(let dict)? = try arguments.bind(["mapping"], required: 1)[0] else {
      throw evaluator.invalid("'format_map' needs a mapping")
    }
    var named = TemplateArguments()
    for (key, value) in zip(dict.keys, dict.values) {
      if let name = key.text { named.named.append((name, value)) }
    }
    try evaluator.budget.step(named.named.count)
    return try evaluator.formatted(text, with: named)
  }
}
