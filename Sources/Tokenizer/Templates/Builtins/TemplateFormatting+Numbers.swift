// Numbers in formats: types, signs, prefixes, groups of digits.

/// A number in parts, between which padding may go.
struct TemplateNumberText {
  /// `-`, `+` or a space.
  var sign = ""
  /// `0x` and its kin.
  var prefix = ""
  /// The digits before the point; empty where the number is not finite.
  var whole = ""
  /// The point and what follows it.
  var rest = ""
}

extension TemplateEvaluator {
  /// The number as `format` asks, without padding.
  func numberText(
    of value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> TemplateNumberText {
    var result: TemplateNumberText
    switch format.type {
    case "d", "x", "X", "o", "b", "c",
      "n" where value.integer != nil,
      nil where value.integer != nil:
      guard let integer = value.integer else {
        throw invalid("the format '\(format.type ?? "d")' does not take \(value.type.name)")
      }
      guard format.precision == nil else { throw invalid("an integer has no precision") }
      result = try integerText(integer, as: format)
    case "e", "E", "f", "F", "g", "G", "n", "%", nil:
      result = try floatText(value.double ?? 0, as: format)
    default:
      let type = format.type ?? "d"
      throw invalid("the format '\(type)' does not take \(value.type.name)")
    }
    let isNegative = value.integer.map { $0 < 0 } ?? (value.double?.sign == .minus)
    let isZero = format.dropsZeroSign && !(result.whole + result.rest).contains { "1"..."9" ~= $0 }
    if isNegative && !isZero {
      result.sign = "-"
    } else if let sign = format.sign {
      result.sign = String(Character(sign))
    }
    return result
  }

  /// The magnitude of an integer in the radix of the format's type.
  func integerText(
    _ value: Int, as format: TemplateFormat
  ) throws(TemplateFault) -> TemplateNumberText {
    var result = TemplateNumberText()
    let (radix, prefix): (Int, String)
    switch format.type {
    case "x": (radix, prefix) = (16, "0x")
    case "X": (radix, prefix) = (16, "0X")
    case "o": (radix, prefix) = (8, "0o")
    case "b": (radix, prefix) = (2, "0b")
    case "c":
      guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else {
        throw invalid("the format 'c' needs the number of a character")
      }
      return TemplateNumberText(rest: String(Character(scalar)))
    default: (radix, prefix) = (10, "")
    }
    result.whole = String(value.magnitude, radix: radix, uppercase: format.type == "X")
    if format.isAlternate { result.prefix = prefix }
    return result
  }

  /// The magnitude of a float.
  func floatText(
    _ value: Double, as format: TemplateFormat
  ) throws(TemplateFault) -> TemplateNumberText {
    let isPercent = format.type == "%"
    let value = isPercent ? value * 100 : value
    let ending = isPercent ? "%" : ""
    let isUppercase = format.type.map { $0.properties.isUppercase } ?? false
    guard value.isFinite else {
      let text = value.isNaN ? "nan" : "inf"
      return TemplateNumberText(rest: (isUppercase ? text.uppercased() : text) + ending)
    }
    let precision = format.precision ?? 6
    try budget.make(precision * 2)
    try budget.step(TemplateDecimal.steps(value))
    let decimal = TemplateDecimal(value)
    var text: String
    switch format.type {
    case "f", "F", "%": text = decimal.fixed(precision)
    case "e", "E": text = decimal.scientific(precision)
    case nil where format.precision == nil: text = value.magnitude.pythonDescription
    case nil: text = decimal.general(precision, keepsZeros: false, endsInPoint: true)
    default: text = decimal.general(precision, keepsZeros: format.isAlternate)
    }
    if format.isAlternate, !text.contains(".") {
      text.insert(".", at: text.firstIndex(of: "e") ?? text.endIndex)
    }
    if isUppercase { text = text.uppercased() }
    let whole = text.prefix { "0"..."9" ~= $0 }
    return TemplateNumberText(
      whole: String(whole), rest: String(text.dropFirst(whole.count)) + ending)
  }

  /// The number in the width that `format` asks for, on the right unless it says otherwise.
  func padded(
    _ number: TemplateNumberText, as format: TemplateFormat
  ) throws(TemplateFault) -> [UInt8] {
    let (sign, rest) = (number.sign + number.prefix, number.rest)
    var whole = number.whole
    let alignment = format.alignment ?? (format.isZeroPadded ? .afterSign : .right)
    let padsWithZeros = format.isZeroPadded && format.filling == nil && alignment == .afterSign
    if let separator = format.separator {
      let size = ["x", "X", "o", "b"].contains(format.type) ? 4 : 3
      if padsWithZeros {
        // Zeros are grouped, too, and no number begins with a separator.
        let wanted = format.width - sign.utf8.count - rest.unicodeScalars.count
        try budget.make(max(0, wanted))
        var count = whole.utf8.count
        while count > 0, count + (count - 1) / size < wanted { count += 1 }
        whole = String(repeating: "0", count: count - whole.utf8.count) + whole
      }
      whole = Self.grouped(whole, by: size, with: separator)
    }
    if alignment == .afterSign {
      let filling = TemplateText([format.filling ?? (format.isZeroPadded ? "0" : " ")])
      let length = sign.utf8.count + whole.utf8.count + rest.unicodeScalars.count
      let missing = try repeated(filling, max(0, format.width - length)).utf8
      return sign.utf8 + missing + whole.utf8 + rest.utf8
    }
    var aligned = format
    aligned.alignment = alignment
    return try padded(TemplateText(sign + whole + rest), as: aligned)
  }

  private static func grouped(
    _ digits: String, by size: Int, with separator: Unicode.Scalar
  ) -> String {
    var result = String.UnicodeScalarView()
    for (index, digit) in digits.unicodeScalars.enumerated() {
      if index > 0, (digits.utf8.count - index) % size == 0 { result.append(separator) }
      result.append(digit)
    }
    return String(result)
  }
}
