// Filters that make numbers.

extension TemplateFilters {
  static func absolute(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    if case .float(let value) = value { return .float(value.magnitude) }
    let isNegative = (value.integer ?? 0) < 0
    return try isNegative ? evaluator.negative(value) : evaluator.positive(value)
  }

  static func int(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["default", "base"])
    let base = try evaluator.integer(given[1], or: 10)
    if case .undefined(let undefined) = value { throw evaluator.fault(undefined) }
    if let integer = value.integer { return .int(integer) }
    try evaluator.budget.step(value.text?.utf8.count ?? 0)
    if let integer = value.text.flatMap({ $0.integer(base: base) }) { return .int(integer) }
    let number = value.double ?? value.text?.number
    guard let number, !number.isNaN, number.isFinite || value.text == nil else {
      return given[0] ?? .int(0)
    }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw evaluator.invalid("an integer would not fit 64 bits")
    }
    return .int(integer)
  }

  static func float(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["default"])
    if case .undefined(let undefined) = value { throw evaluator.fault(undefined) }
    try evaluator.budget.step(value.text?.utf8.count ?? 0)
    if let number = value.double ?? value.text?.number { return .float(number) }
    return given[0] ?? .float(0)
  }

  static func round(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["precision", "method"])
    let precision = try evaluator.integer(given[0], or: 0)
    let method = try evaluator.string(given[1], or: "common")
    if case .undefined(let undefined) = value { throw evaluator.fault(undefined) }
    guard let number = value.double else {
      throw evaluator.invalid("only a number can be rounded, not \(value.type.name)")
    }
    let scale = try evaluator.arithmetic(.power, .int(10), .int(min(max(precision, -18), 18)))
    let factor = scale.double ?? 1
    switch method {
    case "common":
      if let integer = value.integer, precision >= 0 { return .int(integer) }
      try evaluator.budget.step(TemplateDecimal.steps(number))
      // No double has a digit behind this place.
      let magnitude =
        precision >= 0
        ? Double(TemplateDecimal(number).fixed(min(precision, 1_100))) ?? number.magnitude
        : (number.magnitude * factor).rounded(.toNearestOrEven) / factor
      let rounded = number.sign == .minus ? -magnitude : magnitude
      return value.integer == nil ? .float(rounded) : .int(Int(exactly: rounded) ?? 0)
    case "ceil": return .float((number * factor).rounded(.up) / factor)
    case "floor": return .float((number * factor).rounded(.down) / factor)
    default: throw evaluator.invalid("'method' must be 'common', 'ceil' or 'floor'")
    }
  }

  static func fileSize(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let isBinary = try arguments.bind(["binary"])[0]?.isTrue ?? false
    if case .undefined(let undefined) = value { throw evaluator.fault(undefined) }
    try evaluator.budget.step(value.text?.utf8.count ?? 0)
    guard let bytes = value.double ?? value.text?.number else {
      throw evaluator.invalid("a file's size must be a number, not \(value.type.name)")
    }
    guard bytes.isFinite else { throw evaluator.invalid("a file's size must be finite") }
    let base: Double = isBinary ? 1024 : 1000
    try evaluator.budget.step(TemplateDecimal.steps(bytes))
    if bytes == 1 { return .string("1 Byte") }
    if bytes < base {
      let whole = TemplateDecimal(bytes.rounded(.towardZero)).fixed(0)
      return .string("\(bytes <= -1 ? "-" : "")\(whole) Bytes")
    }
    var unit = base
    var prefix: Character = "k"
    for next in isBinary ? "KMGTPEZY" : "kMGTPEZY" {
      prefix = next
      unit *= base
      if bytes < unit { break }
    }
    let size = TemplateDecimal(base * bytes / unit).fixed(1)
    return .string("\(size) \(String(prefix))\(isBinary ? "iB" : "B")")
  }

  static func length(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    return .int(try evaluator.length(of: value))
  }

  static func sum(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["attribute", "start"])
    var sum = given[1] ?? .int(0)
    for element in try evaluator.elements(of: value) {
      try evaluator.budget.step()
      sum = try evaluator.arithmetic(.add, sum, try evaluator.member(given[0], of: element))
    }
    return sum
  }
}

extension TemplateText {
  /// The number as Python's `int` reads it: with a sign, single underscores and white space around.
  fileprivate func integer(base: Int) -> Int? {
    // Python refuses numbers of more digits, too.
    guard utf8.count <= 4_300, let digits = pythonDigits else { return nil }
    let isNegative = digits.first == "-"
    var rest = digits.drop { $0 == "-" || $0 == "+" }
    guard digits.count - rest.count <= 1, base == 0 || (2...36).contains(base) else { return nil }
    var base = base
    let prefixes = ["0x": 16, "0o": 8, "0b": 2]
    if let named = prefixes[rest.prefix(2).lowercased()], base == named || base == 0 {
      base = named
      rest = rest.dropFirst(2)
    }
    return Int((isNegative ? "-" : "") + rest, radix: base == 0 ? 10 : base)
  }

  /// The number as Python's `float` reads it.
  fileprivate var number: Double? {
    guard let digits = pythonDigits else { return nil }
    switch digits.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan", "+nan", "-nan": return .nan
    default:
      // Swift would read hexadecimal numbers, too.
      guard digits.allSatisfy({ "0123456789+-.eE".contains($0) }) else { return nil }
      return Double(digits.hasSuffix(".") ? digits + "0" : digits)
    }
  }

  /// The text without white space around it and without underscores between digits, and the
  /// digits of any script as ASCII's.
  private var pythonDigits: String? {
    let trimmed = utf8[...].withoutLeadingSpace.withoutTrailingSpace
    var text = String(decoding: trimmed, as: UTF8.self)
    if !isASCII {
      text = text.unicodeScalars.reduce(into: "") { result, scalar in
        let digit = scalar.properties.numericType == .decimal ? scalar.properties.numericValue : nil
        result += digit.map { String(Int($0)) } ?? String(Character(scalar))
      }
    }
    guard text.contains("_") else { return text }
    let isWrong = text.hasPrefix("_") || text.hasSuffix("_") || text.contains("__")
    return isWrong ? nil : text.replacing("_", with: "")
  }
}
