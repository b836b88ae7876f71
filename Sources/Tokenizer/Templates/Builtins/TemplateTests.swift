// The tests: what may stand after `is`.

enum TemplateTests {
  static let all: [TemplateText: TemplateTest] = [
    "defined": kind { !$0.isUndefined },
    "undefined": kind { $0.isUndefined },
    "none": kind { $0.type == .none },
    "boolean": kind { $0.type == .boolean },
    "integer": kind { $0.type == .integer },
    "float": kind { $0.type == .float },
    "number": kind { $0.double != nil },
    "string": kind { $0.text != nil },
    "mapping": kind { $0.type == .mapping },
    "true": kind { if case .bool(true) = $0 { true } else { false } },
    "false": kind { if case .bool(false) = $0 { true } else { false } },
    "sequence": kind(isSequence), "iterable": kind(isIterable), "callable": kind(isCallable),
    "escaped": kind { if case .markup = $0 { true } else { false } },
    "odd": { (evaluator, value, arguments) throws(TemplateFault) in
      try remainder(evaluator, value, arguments, by: 2) == 1
    },
    "even": { (evaluator, value, arguments) throws(TemplateFault) in
      try remainder(evaluator, value, arguments, by: 2) == 0
    },
    "divisibleby": { (evaluator, value, arguments) throws(TemplateFault) in
      let divisor = try arguments.bind(["num"], required: 1)[0]!
      return try evaluator.arithmetic(.modulo, value, divisor).double == 0
    },
    "lower": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      let text = try evaluator.text(of: value)
      try evaluator.budget.walk(text.utf8.count)
      return text.isLowercase
    },
    "upper": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      let text = try evaluator.text(of: value)
      try evaluator.budget.walk(text.utf8.count)
      return text.isUppercase
    },
    "filter": { (_, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return value.text.map { TemplateFilters.all[$0] != nil } ?? false
    },
    "test": { (_, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return value.text.map { TemplateTests.all[$0] != nil } ?? false
    },
    "sameas": { (_, value, arguments) throws(TemplateFault) in
      isSame(value, try arguments.bind(["other"], required: 1)[0]!)
    },
    "in": comparison(.isIn),
    "==": comparison(.equal), "eq": comparison(.equal), "equalto": comparison(.equal),
    "!=": comparison(.notEqual), "ne": comparison(.notEqual),
    "<": comparison(.less), "lt": comparison(.less), "lessthan": comparison(.less),
    "<=": comparison(.lessOrEqual), "le": comparison(.lessOrEqual),
    ">": comparison(.greater), "gt": comparison(.greater), "greaterthan": comparison(.greater),
    ">=": comparison(.greaterOrEqual), "ge": comparison(.greaterOrEqual),
  ]

  /// A test without arguments that looks at the kind of value.
  private static func kind(
    _ holds: @escaping @Sendable (TemplateValue) -> Bool
  ) -> TemplateTest {
    { (_, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return holds(value)
    }
  }

  private static func comparison(_ operation: TemplateOperation.Operator) -> TemplateTest {
    { (evaluator, value, arguments) throws(TemplateFault) in
      let other = try arguments.bind(["other"], required: 1)[0]!
      return try evaluator.compare(operation, value, other)
    }
  }

  /// Has a length and gives elements by key or number.
  private static func isSequence(_ value: TemplateValue) -> Bool {
    switch value {
    case .string, .markup, .dict: true
    case .list(let list): list.isIndexed
    // Python's undefined has both methods, though one of them only raises.
    case .undefined: true
    default: false
    }
  }

  private static func isIterable(_ value: TemplateValue) -> Bool {
    switch value {
    case .string, .markup, .dict, .list, .undefined: true
    case .object(let id): id.kind == .generator || id.kind == .loop
    default: false
    }
  }

  private static func isCallable(_ value: TemplateValue) -> Bool {
    switch value {
    // Python's undefined has the method, though it only raises.
    case .global, .method, .undefined: true
    case .object(let id): id.kind == .macro || id.kind == .joiner || id.kind == .loop
    default: false
    }
  }

  /// Whether two values are one thing and not only equal.
  private static func isSame(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.string(let left), .string(let right)): left == right
    case (.list(let left), .list(let right)): left === right
    case (.dict(let left), .dict(let right)): left === right
    case (.object(let left), .object(let right)): left == right
    case (.global(let left), .global(let right)): left == right
    default: false
    }
  }

  private static func remainder(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments,
    by divisor: Int
  ) throws(TemplateFault) -> Double? {
    _ = try arguments.bind([])
    return try evaluator.arithmetic(.modulo, value, .int(divisor)).double
  }
}
