// How Python's formats write a value: width, alignment, precision.

/// How one value is to be written.
struct TemplateFormat {
  enum Alignment { case left, right, center, afterSign }

  /// Nil where none was named: a space, or zeros where `isZeroPadded` is set.
  var filling: Unicode.Scalar?
  var alignment: Alignment?
  var isZeroPadded = false
  var width = 0
  var precision: Int?
  var type: Unicode.Scalar?
  /// `+` or a space before numbers that are not negative.
  var sign: Unicode.Scalar?
  /// `#`: with `0x` before hexadecimal digits, and with a point whatever follows it.
  var isAlternate = false
  /// `,` or `_` between groups of digits.
  var separator: Unicode.Scalar?
  /// `z`: what was rounded to zero is not negative.
  var dropsZeroSign = false
}

extension TemplateEvaluator {
  /// The value as `str.format` writes it.
  func formatted(
    _ value: TemplateValue, as format: TemplateFormat
  ) throws(TemplateFault) -> [UInt8] {
    if value.double != nil {
      // A boolean is a number only where something is asked of it.
      let isPlain = format.type == nil && format.width == 0 && format.precision == nil
      if case .bool = value, isPlain, format.sign == nil, format.separator == nil,
        !format.isAlternate, format.alignment == nil
      {
        return try text(of: value).utf8
      }
      return try padded(try numberText(of: value, as: format), as: format)
    }
    if value.text == nil {
      let isEmpty = format.width == 0 && format.precision == nil && format.type == nil
      guard isEmpty, format.alignment == nil else {
        throw invalid("a format with a width or type does not take \(value.type.name)")
      }
      return try text(of: value).utf8
    }
    guard format.type == nil || format.type == "s" else {
      throw invalid("the format '\(format.type ?? "s")' does not take a string")
    }
    guard format.sign == nil, format.separator == nil, !format.isAlternate,
      !format.dropsZeroSign, format.alignment != .afterSign
    else { throw invalid("a sign, '=', '#', ',' or '_' in a format does not take a string") }
    return try padded(shortened(try text(of: value), to: format.precision), as: format)
  }

  /// The first `count` characters.
  func shortened(_ text: TemplateText, to count: Int?) -> TemplateText {
    guard let count else { return text }
    return TemplateText(text.utf8[..<text.offset(ofScalar: count)])
  }

  /// The text in the width that `format` asks for, on the left unless it says otherwise.
  func padded(
    _ text: TemplateText, as format: TemplateFormat
  ) throws(TemplateFault) -> [UInt8] {
    try budget.scan(text.utf8.count)
    let filling = TemplateText([format.filling ?? (format.isZeroPadded ? "0" : " ")])
    let missing = try repeated(filling, max(0, format.width - text.count)).utf8
    try budget.make(text.utf8.count)
    switch format.alignment ?? .left {
    case .left: return text.utf8 + missing
    case .right, .afterSign: return missing + text.utf8
    case .center:
      let left = max(0, format.width - text.count) / 2 * filling.utf8.count
      return missing[..<left] + text.utf8 + missing[left...]
    }
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
