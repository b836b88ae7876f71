// `'{} {name}'.format(…)`, Python's second way.

extension TemplateEvaluator {
  /// `format.format(...)`.
  func formatted(
    _ format: TemplateText, with arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    var result: [UInt8] = []
    var scalars = format.scalars[...]
    var nextIndex = 0
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
      guard scalar == "{", let end = scalars.firstIndex(of: "}") else {
        throw invalid("a brace in a format is not paired")
      }
      let field = scalars[..<end]
      scalars = scalars[end...].dropFirst()
      let colon = field.firstIndex(of: ":") ?? field.endIndex
      var specification = try fieldFormat(field[colon...].dropFirst())
      var name = field[..<colon]
      if let mark = name.firstIndex(of: "!") {
        specification.type = name[mark...].dropFirst().first
        guard specification.type == "s" || specification.type == "r" else {
          throw invalid("a conversion in a format must be 's' or 'r'")
        }
        name = name[..<mark]
      }
      let value = try self.field(String(name), of: arguments, &nextIndex)
      result += try formatted(value, as: specification)
    }
    return try string(TemplateText(utf8: result))
  }

  /// The value of `name`, `0`, nothing (the next by place), and of attributes and elements of it.
  private func field(
    _ name: String, of arguments: TemplateArguments, _ nextIndex: inout Int
  ) throws(TemplateFault) -> TemplateValue {
    let parts = name.split(omittingEmptySubsequences: false) { ".[]".contains($0) }
    let head = TemplateText(String(parts.first ?? ""))
    var value: TemplateValue?
    if head.utf8.isEmpty || Int(head.string) != nil {
      let index = Int(head.string) ?? nextIndex
      nextIndex = index + (head.utf8.isEmpty ? 1 : 0)
      if arguments.positional.indices.contains(index) { value = arguments.positional[index] }
    } else {
      value = arguments.named.first { $0.name == head }?.value
    }
    guard var result = value else { throw invalid("the format asks for a value that is not there") }
    for part in parts.dropFirst() where !part.isEmpty {
      let key = Int(part).map(TemplateValue.int) ?? .string(TemplateText(String(part)))
      result = try element(key, of: result)
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
    if let filling = rest.first, let found = alignment(rest.dropFirst().first) {
      format.filling = TemplateText(String(Character(filling)))
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
    if rest.first == "0", format.alignment == nil {
      (format.alignment, format.filling) = (.afterSign, "0")
    }
    format.width = try Self.formatNumber(&rest) ?? 0
    if rest.first == "," {
      format.groupsThousands = true
      rest.removeFirst()
    }
    if rest.first == "." {
      rest.removeFirst()
      format.precision = try Self.formatNumber(&rest) ?? 0
    }
    format.type = rest.popFirst()
    guard rest.isEmpty else { throw invalid("a format specification is not understood") }
    return format
  }
}

extension TemplateStrings {
  static func format(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try evaluator.formatted(text, with: arguments)
  }
}
