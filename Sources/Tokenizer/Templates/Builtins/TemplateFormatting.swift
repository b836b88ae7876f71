// How Python's formats write a value: width, alignment, precision, radix.

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
  func formatted(
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
      if case .bool = value, format.width == 0, format.sign == nil { return nil }
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

  /// The digits that are next as a number; nil where there are none.
  static func formatNumber(
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
}
