// The functions that every template has.

enum TemplateGlobal: Sendable, Equatable {
  case range, dict, namespace, cycler, joiner, raiseException, strftimeNow

  static let all: [(name: TemplateText, global: TemplateGlobal)] = [
    ("range", .range), ("dict", .dict), ("namespace", .namespace), ("cycler", .cycler),
    ("joiner", .joiner), ("raise_exception", .raiseException), ("strftime_now", .strftimeNow),
  ]
}

extension TemplateEvaluator {
  func call(
    _ global: TemplateGlobal, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch global {
    case .range: return try range(arguments)
    case .dict: return try dict(try members(arguments))
    case .namespace:
      let members = try members(arguments)
      try budget.make(elements: members.keys.count * 3)
      return try add(.namespace(TemplateNamespace(members)))
    case .cycler:
      guard !arguments.positional.isEmpty else { throw invalid("a cycler needs an item") }
      return try add(.cycler(TemplateCycler(arguments.positional)))
    case .joiner:
      let separator = try arguments.bind(["sep"])[0]
      return try add(.joiner(TemplateJoiner(separator ?? .string(", "))))
    case .raiseException:
      // Reached only where the function went through a variable; a direct call says more.
      throw TemplateFault(.raised, "the template refuses this conversation")
    case .strftimeNow:
      let format = try string(try arguments.bind(["format"], required: 1)[0]!)
      // No field is longer than this many times its code.
      try budget.make(format.utf8.count * 16)
      return .string(TemplateTime(clock).formatted(format))
    }
  }

  private func range(_ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    let given = arguments.positional
    guard arguments.named.isEmpty, (1...3).contains(given.count) else {
      throw invalid("'range' takes one to three arguments by place")
    }
    var bounds: [Int] = []
    for value in given { bounds.append(try integer(value, or: 0)) }
    if bounds.count == 1 { bounds.insert(0, at: 0) }
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw invalid("the step of a range must not be 0") }
    // Jinja's sandbox has the same limit.
    let limit = 100_000
    var elements: [TemplateValue] = []
    var value = bounds[0]
    while step > 0 ? value < bounds[1] : value > bounds[1] {
      guard elements.count < limit else {
        throw invalid("a range has at most \(limit) elements")
      }
      elements.append(.int(value))
      let (next, isTooLarge) = value.addingReportingOverflow(step)
      if isTooLarge { break }
      value = next
    }
    let range = TemplateRange(start: bounds[0], stop: bounds[1], step: step)
    return try list(elements, .range, range: range)
  }

  /// The members of a mapping given by a mapping or by pairs, and by arguments with names.
  private func members(
    _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateDictBuilder {
    guard arguments.positional.count <= 1 else {
      throw invalid("at most one argument is taken by place")
    }
    var members = TemplateDictBuilder()
    switch arguments.positional.first {
    case nil: break
    case .dict(let dict): members = TemplateDictBuilder(dict)
    case let pairs?:
      for pair in try elements(of: pairs) {
        // Keys that are not text have no index.
        try budget.step(1 + members.keys.count / 8)
        let parts = try elements(of: pair)
        guard parts.count == 2 else { throw invalid("a mapping is made of pairs") }
        members[try hashable(parts[0])] = parts[1]
      }
    }
    for (name, value) in arguments.named { members[.string(name)] = value }
    return members
  }
}
