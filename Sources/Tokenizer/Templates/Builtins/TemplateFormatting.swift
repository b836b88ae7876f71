// Python's two ways of putting values into a format: `%` and `str.format`.

/// How one value is to be written.
struct TemplateFormat {
  enum Alignment { case left, right, center, afterSign }

  var filling: TemplateText = " "
  var alignment: Alignment?
  var width = 0
  var precision: Int?
  var type: Unicode.Scalar?
  /// `+` or a space before numbers that are not negative.
  var sign: Unicode.Scalar?
  var groupsThousands = false
}

extension TemplateEvaluator {
  /// The value as `format` asks.
  private func formatted(
    _ value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> [UInt8] {
    var sign = ""
    var body: TemplateText
    let isNumber = value.double != nil && format.type != "s" && format.type != "r"
    if isNumber, let number = try digits(of: value, as: format) {
      sign = number.isNegative ? "-" : format.sign.map { String(Character($0)) } ?? ""
      body = TemplateText(number.digits)
    } else {
      if let type = format.type, type != "s", type != "r" {
        throw invalid("the format '\(type)' does not take \(value.type.name)")
      }
      body = try text(of: value)
      if format.type == "r" {
        body.utf8 = []
        try writeRepresentation(value, into: &body.utf8)
      }
      if let precision = format.precision {
        body.utf8 = Array(body.utf8[..<body.offset(ofScalar: precision)])
      }
    }
    let missing = max(0, format.width - body.count - sign.utf8.count)
    let filling = try repeated(format.filling, missing).utf8
    try budget.make(body.utf8.count + sign.utf8.count)
    switch format.alignment ?? (isNumber ? .right : .left) {
    case .left: return sign.utf8 + body.utf8 + filling
    case .right: return filling + sign.utf8 + body.utf8
    case .afterSign: return sign.utf8 + filling + body.utf8
    case .center:
      let left = missing / 2 * format.filling.utf8.count
      return filling[..<left] + sign.utf8 + body.utf8 + filling[left...]
    }
  }

  /// The digits of a number; nil where it is to be written as `str` does.
  private func digits(
    of value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> (digits: String, isNegative: Bool)? {
    let number = value.double ?? 0
    var digits: String
    switch format.type {
    case "d", "i", "u", "x", "X", "o", "b":
      let radix =
        switch format.type {
        case "x", "X": 16
        case "o": 8
        case "b": 2
        default: 10
        }
      let rounded = number.rounded(.towardZero)
      guard let integer = value.integer ?? Int(exactly: rounded) else {
        throw invalid("an integer would not fit 64 bits")
      }
      digits = String(integer.magnitude, radix: radix, uppercase: format.type == "X")
    case "f", "F": digits = number.magnitude.fixed(format.precision ?? 6)
    case "%": digits = (number.magnitude * 100).fixed(format.precision ?? 6) + "%"
    case nil:
      if case .bool = value { return nil }
      if format.precision != nil {
        throw invalid("a number's precision needs the format 'f'")
      }
      digits = value.integer.map { $0.magnitude.description } ?? number.magnitude.pythonDescription
    case let type?:
      throw invalid("the format '\(type)' is not known; known are s r d i u f F x X o b %")
    }
    if format.groupsThousands { digits = Self.grouped(digits) }
    return (digits, value.integer.map { $0 < 0 } ?? (number.sign == .minus))
  }

  private static func grouped(_ digits: String) -> String {
    let whole = digits.prefix { $0.isNumber }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  // MARK: %

  /// `format % values`.
  func formatted(
    _ format: TemplateText, with values: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    var values: [TemplateValue] = [values]
    var members: TemplateDict?
    if case .list(let list) = values[0], list.kind == .tuple { values = list.elements }
    if case .dict(let dict)? = values.first { members = dict }
    var remaining = values[...]
    var result: [UInt8] = []
    var scalars = format.scalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      if scalars.first == "%" {
        scalars.removeFirst()
        result.append(UInt8(ascii: "%"))
        continue
      }
      var value: TemplateValue?
      if scalars.first == "(", let end = scalars.firstIndex(of: ")") {
        let name = TemplateText(String(scalars[..<end].dropFirst()))
        scalars = scalars[end...].dropFirst()
        value = members?[name]
      }
      let specification = try percentFormat(&scalars)
      guard let value = value ?? remaining.popFirst() else {
        throw invalid("the format asks for more values than there are")
      }
      result += try formatted(value, as: specification)
    }
    if members == nil, !remaining.isEmpty {
      throw invalid("the format asks for fewer values than there are")
    }
    return try string(TemplateText(utf8: result))
  }

  private func percentFormat(
    _ scalars: inout Substring.UnicodeScalarView
  ) throws(TemplateFault) -> TemplateFormat {
    var format = TemplateFormat()
    format.alignment = .right
    while let flag = scalars.first, "-+ 0#".unicodeScalars.contains(flag) {
      scalars.removeFirst()
      switch flag {
      case "-": format.alignment = .left
      case "0" where format.alignment != .left:
        (format.alignment, format.filling) = (.afterSign, "0")
      case "+", " ": format.sign = flag
      default: break
      }
    }
    format.width = try Self.number(&scalars) ?? 0
    if scalars.first == "." {
      scalars.removeFirst()
      format.precision = try Self.number(&scalars) ?? 0
    }
    guard let type = scalars.popFirst() else { throw invalid("the format ends too early") }
    guard "srdiufFxXo".unicodeScalars.contains(type) else {
      throw invalid("the format '%\(type)' is not known; known are s r d i u f F x X o")
    }
    format.type = type
    return format
  }

  private static func number(
    _ scalars: inout Substring.UnicodeScalarView
  ) throws(TemplateFault) -> Int? {
    let digits = scalars.prefix { ("0"..."9").contains($0) }
    if digits.isEmpty { return nil }
    scalars.removeFirst(digits.count)
    guard let number = Int(String(digits)), number < 1_000_000_000 else {
      throw TemplateFault(.invalidOperation, "a number in a format is too large")
    }
    return number
  }

  // MARK: str.format

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
    format.width = try Self.number(&rest) ?? 0
    if rest.first == "," {
      format.groupsThousands = true
      rest.removeFirst()
    }
    if rest.first == "." {
      rest.removeFirst()
      format.precision = try Self.number(&rest) ?? 0
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
