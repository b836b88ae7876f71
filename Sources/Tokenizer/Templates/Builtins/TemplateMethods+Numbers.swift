// The methods and attributes of numbers; a boolean is an integer.

extension TemplateMethods {
  static let number: [TemplateText: TemplateFunction] = [
    "bit_count": integer { $0.magnitude.nonzeroBitCount },
    "bit_length": integer { Int.bitWidth - $0.magnitude.leadingZeroBitCount },
    "conjugate": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return try evaluator.positive(value)
    },
    "is_integer": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      guard case .float(let number) = value else {
        throw evaluator.invalid("an integer has no method 'is_integer'")
      }
      return .bool(number.isFinite && number == number.rounded())
    },
    "as_integer_ratio": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      guard case .float(let number) = value else {
        return try evaluator.list([try evaluator.positive(value), .int(1)], .tuple)
      }
      guard number.isFinite else { throw evaluator.invalid("the number must be finite") }
      var (numerator, denominator) = (number, 1.0)
      while numerator != numerator.rounded() {
        (numerator, denominator) = (numerator * 2, denominator * 2)
      }
      guard let above = Int(exactly: numerator), let below = Int(exactly: denominator) else {
        throw evaluator.invalid("an integer would not fit 64 bits")
      }
      return try evaluator.list([.int(above), .int(below)], .tuple)
    },
  ]

  private static func integer(_ count: @escaping @Sendable (Int) -> Int) -> TemplateFunction {
    { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      guard let integer = value.integer else { throw evaluator.invalid("a float has no bits") }
      return .int(count(integer))
    }
  }
}

extension TemplateValue {
  /// The attribute of a number.
  func numberProperty(_ name: TemplateText) -> TemplateValue? {
    let isFloat = type == .float
    switch name.string {
    case "real": return isFloat ? self : .int(integer ?? 0)
    case "imag": return isFloat ? .float(0) : .int(0)
    case "numerator": return isFloat ? nil : .int(integer ?? 0)
    case "denominator": return isFloat ? nil : .int(1)
    default: return nil
    }
  }
}
