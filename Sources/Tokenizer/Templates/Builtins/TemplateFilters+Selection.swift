// Filters that look at each element: `map`, `select` and their kin.

extension TemplateFilters {
  static func map(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard value.isTrue else { return try evaluator.generator([]) }
    var results: [TemplateValue] = []
    if arguments.positional.isEmpty {
      let given = try arguments.bind(["attribute", "default"], required: 1)
      for element in try evaluator.elements(of: value) {
        let member = try evaluator.member(given[0], of: element, or: given[1])
        results.append(member)
      }
    } else {
      let name = try evaluator.string(arguments.positional[0])
      guard let filter = all[name] else { throw evaluator.invalid("there is no such filter") }
      let rest = arguments.withoutFirst(1)
      for element in try evaluator.elements(of: value) {
        try evaluator.budget.step()
        results.append(try filter(evaluator, element, rest))
      }
    }
    return try evaluator.generator(results)
  }

  /// `select` or `reject`: elements for which a test, by default being true, holds or does not.
  static func selection(keeps: Bool) -> TemplateFunction {
    { (evaluator, value, arguments) throws(TemplateFault) in
      try select(evaluator, value, by: nil, arguments, keeps: keeps)
    }
  }

  /// `selectattr` or `rejectattr`: as above, by an attribute of each element.
  static func attributeSelection(keeps: Bool) -> TemplateFunction {
    { (evaluator, value, arguments) throws(TemplateFault) in
      guard let attribute = arguments.positional.first else {
        throw evaluator.invalid("the name of an attribute is missing")
      }
      return try select(
        evaluator, value, by: attribute, arguments.withoutFirst(1), keeps: keeps)
    }
  }

  private static func select(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, by attribute: TemplateValue?,
    _ arguments: TemplateArguments, keeps: Bool
  ) throws(TemplateFault) -> TemplateValue {
    guard value.isTrue else { return try evaluator.generator([]) }
    var test: TemplateTest?
    if let name = arguments.positional.first {
      test = TemplateTests.all[try evaluator.string(name)]
      if test == nil { throw evaluator.invalid("there is no such test") }
    }
    let rest = arguments.withoutFirst(1)
    var chosen: [TemplateValue] = []
    for element in try evaluator.elements(of: value) {
      try evaluator.budget.step()
      let member = try evaluator.member(attribute, of: element)
      let holds = try test.map { test throws(TemplateFault) in try test(evaluator, member, rest) }
      if (holds ?? member.isTrue) == keeps { chosen.append(element) }
    }
    return try evaluator.generator(chosen)
  }
}

extension TemplateArguments {
  fileprivate func withoutFirst(_ count: Int) -> TemplateArguments {
    TemplateArguments(positional: Array(positional.dropFirst(count)), named: named)
  }
}

extension TemplateEvaluator {
  /// The attribute of an element that a filter was told to look at: a name, names with dots
  /// between them, or a number; the element itself without one. Where nothing is found, `fallback`
  /// stands in.
  func member(
    _ attribute: TemplateValue?, of element: TemplateValue, or fallback: TemplateValue? = nil
  ) throws(TemplateFault) -> TemplateValue {
    guard let attribute, attribute.type != .none else { return element }
    guard let path = attribute.text else { return try self.element(attribute, of: element) }
    var value = element
    for part in path.utf8.split(
      separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    {
      let name = TemplateText(part)
      let isNumber = !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
      let key = isNumber ? Int(name.string).map(TemplateValue.int) : nil
      value = try self.element(key ?? .string(name), of: value)
      if value.isUndefined, let fallback { value = fallback }
    }
    return value
  }
}
