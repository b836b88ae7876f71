// The operators + - * / // % ** with Python's meaning.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension TemplateEvaluator {
  func arithmetic(
    _ operation: TemplateOperation.Operator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    if let left = left.integer, let right = right.integer {
      return try integers(operation, left, right)
    }
    if let left = left.double, let right = right.double {
      return try floats(operation, left, right)
    }
    switch (operation, left, right) {
    case (.add, _, _): return try sum(left, right)
    case (.multiply, _, .int), (.multiply, _, .bool): return try product(left, right)
    case (.multiply, .int, _), (.multiply, .bool, _): return try product(right, left)
    case (.modulo, .string(let format), _): return try formatted(format, with: right)
    case (.modulo, .markup(let format), _):
      return left.keepingSafety(of: try formatted(format, with: right, escapes: true))
    default: throw mismatch(left, right)
    }
  }

  func negative(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if case .float(let value) = value { return .float(-value) }
    guard let integer = value.integer else { throw mismatch(value, value) }
    return try integers(.subtract, 0, integer)
  }

  func positive(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if case .float = value { return value }
    guard let integer = value.integer else { throw mismatch(value, value) }
    return .int(integer)
  }

  /// The error for operands that an operator does not take.
  func mismatch(_ left: TemplateValue, _ right: TemplateValue) -> TemplateFault {
    if case .undefined(let undefined) = left { return fault(undefined) }
    if case .undefined(let undefined) = right { return fault(undefined) }
    return invalid("the operator does not take \(left.type.name) and \(right.type.name)")
  }

  private func integers(
    _ operation: TemplateOperation.Operator, _ left: Int, _ right: Int
  ) throws(TemplateFault) -> TemplateValue {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .power where right >= 0: result = Self.power(left, right)
    case .floorDivide where right != 0:
      let quotient = left.dividedReportingOverflow(by: right)
      let isRoundedUp = !quotient.overflow && left % right != 0 && (left < 0) != (right < 0)
      result = (quotient.partialValue - (isRoundedUp ? 1 : 0), quotient.overflow)
    case .modulo where right != 0:
      // The remainder has the divisor's sign. -1 divides everything, and would overflow.
      let remainder = right == -1 ? 0 : left % right
      let isOtherSign = remainder != 0 && (remainder < 0) != (right < 0)
      result = (isOtherSign ? remainder + right : remainder, false)
    default: return try floats(operation, Double(left), Double(right))
    }
    if result.overflow { throw invalid("an integer would not fit 64 bits") }
    return .int(result.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
    if exponent == 0 || base == 1 { return (1, false) }
    if base == 0 { return (0, false) }
    if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
    var result = (partialValue: 1, overflow: false)
    for _ in 0..<min(exponent, 64) where !result.overflow {
      result = result.partialValue.multipliedReportingOverflow(by: base)
    }
    return result
  }

  private func floats(
    _ operation: TemplateOperation.Operator, _ left: Double, _ right: Double
  ) throws(TemplateFault) -> TemplateValue {
    switch operation {
    case .add: return .float(left + right)
    case .subtract: return .float(left - right)
    case .multiply: return .float(left * right)
    case .divide where right != 0: return .float(left / right)
    case .floorDivide where right != 0: return .float((left / right).rounded(.down))
    case .modulo where right != 0:
      let remainder = left.truncatingRemainder(dividingBy: right)
      let isOtherSign = remainder != 0 && (remainder < 0) != (right < 0)
      return .float(isOtherSign ? remainder + right : remainder)
    case .power where left != 0 || right >= 0:
      let result = pow(left, right)
      guard !result.isNaN || left.isNaN || right.isNaN else {
        throw invalid("a power would not be a real number")
      }
      return .float(result)
    default: throw invalid("division by zero")
    }
  }

  private func sum(
    _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    switch (left, right) {
    case (.string(let left), .string(let right)): return .string(try joined(left, right))
    case (.markup(let left), _) where right.text != nil:
      return .markup(try joined(left, try escaped(right)))
    case (_, .markup(let right)) where left.text != nil:
      return .markup(try joined(try escaped(left), right))
    case (.list(let left), .list(let right))
    where left.isIndexed && left.kind != .range && (left.kind == .list) == (right.kind == .list):
      guard right.isIndexed, right.kind != .range else { break }
      try budget.make(elements: left.elements.count + right.elements.count)
      return try list(left.elements + right.elements, left.kind == .list ? .list : .tuple)
    default: break
    }
    throw mismatch(left, right)
  }

  private func joined(
    _ left: TemplateText, _ right: TemplateText
  ) throws(TemplateFault) -> TemplateText {
    try budget.make(left.utf8.count + right.utf8.count)
    return TemplateText(utf8: left.utf8 + right.utf8)
  }

  private func product(
    _ value: TemplateValue, _ count: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    let count = max(0, count.integer ?? 0)
    switch value {
    case .string(let text): return .string(try repeated(text, count))
    case .markup(let text): return .markup(try repeated(text, count))
    case .list(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
      let (total, isTooLarge) = sequence.elements.count.multipliedReportingOverflow(by: count)
      try budget.make(elements: isTooLarge ? .max : total)
      var elements: [TemplateValue] = []
      elements.reserveCapacity(total)
      if total > 0 { elements += sequence.elements }
      while elements.count < total { elements += elements.prefix(total - elements.count) }
      return try list(elements, sequence.kind)
    default: throw mismatch(value, .int(count))
    }
  }

  /// The text `count` times over.
  func repeated(_ text: TemplateText, _ count: Int) throws(TemplateFault) -> TemplateText {
    let (total, isTooLarge) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
    try budget.make(isTooLarge ? .max : total)
    var result: [UInt8] = []
    result.reserveCapacity(total)
    if total > 0 { result += text.utf8 }
    // Doubling makes few large copies of many small ones.
    while result.count < total { result += result.prefix(total - result.count) }
    return TemplateText(utf8: result)
  }
}
