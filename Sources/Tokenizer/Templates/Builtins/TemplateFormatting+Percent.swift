// `format % values`, as C's `printf` and Python have it.

extension TemplateEvaluator {
  /// `format % values`; with `escapes`, as safe text does it: what is not safe is escaped.
  func formatted(
    _ format: TemplateText, with values: TemplateValue, escapes: Bool = false
  ) throws(TemplateFault) -> TemplateValue {
    var values: [TemplateValue] = [values]
    var members: TemplateDict?
    // Python lets a mapping or list be left over, since names could have been looked up in it.
    var allowsRest = false
    switch values[0] {
    case .list(let list) where list.kind == .tuple: values = list.elements
    case .dict(let dict): (members, allowsRest) = (dict, true)
    case .list: allowsRest = true
    default: break
    }
    var remaining = values[...]
    func next() throws(TemplateFault) -> TemplateValue {
      guard let value = remaining.popFirst() else {
        throw invalid("the format asks for more values than there are")
      }
      return value
    }
    try budget.walk(format.utf8.count)
    var result: [UInt8] = []
    var scalars = format.scalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      var value: TemplateValue?
      if scalars.first == "(" {
        guard let end = scalars.firstIndex(of: ")"), let members else {
          throw invalid("a name in a format needs a mapping and a closing parenthesis")
        }
        value = members[TemplateText(String(scalars[..<end].dropFirst()))]
        guard value != nil else { throw invalid("the format asks for a key that is not there") }
        scalars = scalars[end...].dropFirst()
      }
      let specification = try percentFormat(&scalars, next: next)
      if specification.type == "%" {
        result.append(UInt8(ascii: "%"))
        continue
      }
      let given: TemplateValue
      if let value { given = value } else { given = try next() }
      let written = try percent(given, as: specification)
      if case .markup = given {
        result += written
      } else {
        result += escapes ? try escaped(.string(TemplateText(utf8: written))).utf8 : written
      }
    }
    if !allowsRest, !remaining.isEmpty {
      throw invalid("the format asks for fewer values than there are")
    }
    return try string(TemplateText(utf8: result))
  }

  /// What stands behind a `%`; a `*` takes the next value.
  private func percentFormat(
    _ scalars: inout Substring.UnicodeScalarView,
    next: () throws(TemplateFault) -> TemplateValue
  ) throws(TemplateFault) -> TemplateFormat {
    var format = TemplateFormat()
    format.alignment = .right
    while let flag = scalars.first, "-+ 0#".unicodeScalars.contains(flag) {
      scalars.removeFirst()
      switch flag {
      case "-": format.alignment = .left
      case "0": format.isZeroPadded = true
      case "#": format.isAlternate = true
      default: if format.sign != "+" { format.sign = flag }
      }
    }
    func number() throws(TemplateFault) -> Int? {
      guard scalars.first == "*" else { return try Self.formatNumber(&scalars) }
      scalars.removeFirst()
      let number = try integer(try next(), or: 0)
      guard number.magnitude < 1_000_000_000 else {
        throw invalid("a number in a format is too large")
      }
      return number
    }
    format.width = try number() ?? 0
    if format.width < 0 { (format.alignment, format.width) = (.left, -format.width) }
    if scalars.first == "." {
      scalars.removeFirst()
      format.precision = max(0, try number() ?? 0)
    }
    if let size = scalars.first, "hlL".unicodeScalars.contains(size) { scalars.removeFirst() }
    guard let type = scalars.popFirst() else { throw invalid("the format ends too early") }
    guard "sradiuxXoeEfFgGc%".unicodeScalars.contains(type) else {
      throw invalid("the format '%\(type)' is not known; known are s r a d i u x X o e E f F g G c")
    }
    format.type = type
    return format
  }

  private func percent(
    _ value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> [UInt8] {
    var textFormat = format
    textFormat.isZeroPadded = false
    switch format.type {
    case "s":
      return try padded(shortened(try text(of: value), to: format.precision), as: textFormat)
    case "r", "a":
      let text = try representation(of: value, isASCII: format.type == "a")
      return try padded(shortened(text, to: format.precision), as: textFormat)
    case "c":
      if let text = value.text, text.count == 1 { return try padded(text, as: textFormat) }
      guard value.integer != nil else {
        throw invalid("the format '%c' needs a character or its number")
      }
      return try padded(
        TemplateText(try numberText(of: value, as: format).rest), as: textFormat)
    default: break
    }
    guard value.double != nil else {
      if case .undefined(let undefined) = value { throw fault(undefined) }
      throw invalid("the format '%\(format.type ?? "d")' does not take \(value.type.name)")
    }
    var number = try percentNumber(value, as: format)
    if "diuxXo".unicodeScalars.contains(format.type ?? "d"), let precision = format.precision {
      let zeros = try repeated("0", precision - number.whole.utf8.count)
      number.whole = zeros.string + number.whole
    }
    if format.alignment == .left || !format.isZeroPadded {
      return try padded(number, as: textFormat)
    }
    var numberFormat = format
    numberFormat.alignment = .afterSign
    return try padded(number, as: numberFormat)
  }

  private func percentNumber(
    _ value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> TemplateNumberText {
    var format = format
    guard "diuxXo".unicodeScalars.contains(format.type ?? "d") else {
      return try numberText(of: value, as: format)
    }
    format.precision = nil
    if "iu".unicodeScalars.contains(format.type ?? "d") { format.type = "d" }
    guard case .float(let number) = value, format.type == "d" else {
      return try numberText(of: value, as: format)
    }
    // A float is cut to its whole part, however large.
    guard number.isFinite else { throw invalid("the format '%d' needs a finite number") }
    format.type = "f"
    format.precision = 0
    format.isAlternate = false
    let whole = number.rounded(.towardZero)
    return try numberText(of: .float(whole == 0 ? 0 : whole), as: format)
  }
}
