// Filters that take sequences apart or put them together.

extension TemplateFilters {
  static func list(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    return try evaluator.list(try evaluator.elements(of: value))
  }

  static func items(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    if case .undefined = value { return try evaluator.generator([]) }
    return try evaluator.generator(try evaluator.items(of: value))
  }

  static func first(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    switch value {
    case .string, .markup:
      let first = try evaluator.element(.int(0), of: value)
      return first.isUndefined ? .undefined(.empty) : first
    case .object(let id):
      if case .generator(let generator) = evaluator.object(id) {
        return generator.rest.popFirst() ?? .undefined(.empty)
      }
    default: break
    }
    return try evaluator.elements(of: value).first ?? .undefined(.empty)
  }

  static func last(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    switch value {
    case .string, .markup:
      let last = try evaluator.element(.int(-1), of: value)
      return last.isUndefined ? .undefined(.empty) : last
    case .list, .dict: return try evaluator.elements(of: value).last ?? .undefined(.empty)
    case .undefined: return .undefined(.empty)
    default: throw evaluator.invalid("\(value.type.name) has no last item")
    }
  }

  static func reverse(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    if let text = value.text {
      try evaluator.budget.make(text.utf8.count * 2)
      return .string(TemplateText(text.scalars.reversed()))
    }
    let reversed = Array(try evaluator.elements(of: value).reversed())
    // Python has an iterator for what can be read from its end, and else a list.
    if case .object = value { return try evaluator.list(reversed) }
    return try evaluator.generator(reversed)
  }

  static func join(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["d", "attribute"])
    var separator = given[0] ?? .string("")
    var elements: [TemplateValue] = []
    for element in try evaluator.elements(of: value) {
      elements.append(try evaluator.member(given[1], of: element))
    }
    // Where output is escaped, one safe part makes the whole safe.
    let isSafe = evaluator.escapes && (separator.isMarkup || elements.contains(where: \.isMarkup))
    if isSafe { separator = .markup(try evaluator.escaped(separator)) }
    let text = try evaluator.text(of: separator)
    var buffer: [UInt8] = []
    for (index, element) in elements.enumerated() {
      if index > 0 {
        try evaluator.budget.make(text.utf8.count)
        buffer += text.utf8
      }
      let part = isSafe ? .markup(try evaluator.escaped(element)) : element
      try evaluator.write(part, into: &buffer)
    }
    return isSafe ? .markup(TemplateText(utf8: buffer)) : .string(TemplateText(utf8: buffer))
  }

  static func batch(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["linecount", "fill_with"], required: 1)
    let size = try evaluator.integer(given[0], or: 1)
    guard size > 0 else { throw evaluator.invalid("'linecount' must be greater than 0") }
    var rest = try evaluator.elements(of: value)[...]
    var batches: [TemplateValue] = []
    while !rest.isEmpty {
      var batch = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      if let filling = given[1], filling.type != .none {
        try evaluator.budget.make(elements: size)
        batch += repeatElement(filling, count: size - batch.count)
      }
      batches.append(try evaluator.list(batch))
    }
    return try evaluator.generator(batches)
  }

  static func slice(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["slices", "fill_with"], required: 1)
    let count = try evaluator.integer(given[0], or: 1)
    guard count > 0 else { throw evaluator.invalid("'slices' must be greater than 0") }
    var rest = try evaluator.elements(of: value)[...]
    try evaluator.budget.make(elements: count)
    let (size, longer) = rest.count.quotientAndRemainder(dividingBy: count)
    var slices: [TemplateValue] = []
    for index in 0..<count {
      var slice = Array(rest.prefix(size + (index < longer ? 1 : 0)))
      rest = rest.dropFirst(slice.count)
      if let filling = given[1], filling.type != .none, index >= longer { slice.append(filling) }
      slices.append(try evaluator.list(slice))
    }
    return try evaluator.generator(slices)
  }
}
