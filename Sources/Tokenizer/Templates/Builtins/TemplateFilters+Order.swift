// Filters that sort, group and compare elements. Strings are compared without case unless
// `case_sensitive` is set.

extension TemplateFilters {
  static func sort(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["reverse", "case_sensitive", "attribute"])
    let isCaseSensitive = given[1]?.isTrue ?? false
    // Several attributes have commas between them.
    var attributes = [given[2]]
    if let names = given[2]?.text {
      attributes = names.utf8.split(separator: UInt8(ascii: ",")).map {
        .string(TemplateText($0))
      }
    }
    let elements = try evaluator.elements(of: value)
    let sorted = try evaluator.sorted(elements, isReversed: given[0]?.isTrue ?? false) {
      element throws(TemplateFault) in
      var keys: [TemplateValue] = []
      for attribute in attributes {
        let member = try evaluator.member(attribute, of: element)
        keys.append(try evaluator.sortKey(member, isCaseSensitive))
      }
      return try evaluator.list(keys)
    }
    return try evaluator.list(sorted)
  }

  static func sortedItems(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["case_sensitive", "by", "reverse"])
    let isCaseSensitive = given[0]?.isTrue ?? false
    let by = try evaluator.string(given[1], or: "key")
    guard by == "key" || by == "value" else {
      throw evaluator.invalid("'by' must be 'key' or 'value'")
    }
    if case .undefined(let undefined) = value { throw evaluator.fault(undefined) }
    let items = try evaluator.items(of: value)
    let sorted = try evaluator.sorted(items, isReversed: given[2]?.isTrue ?? false) {
      item throws(TemplateFault) in
      let key = try evaluator.element(.int(by == "key" ? 0 : 1), of: item)
      return try evaluator.sortKey(key, isCaseSensitive)
    }
    return try evaluator.list(sorted)
  }

  static func unique(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["case_sensitive", "attribute"])
    var seen: [TemplateValue] = []
    var chosen: [TemplateValue] = []
    for element in try evaluator.elements(of: value) {
      let member = try evaluator.member(given[1], of: element)
      let key = try evaluator.hashable(
        try evaluator.sortKey(member, given[0]?.isTrue ?? false))
      var isNew = true
      for other in seen where try evaluator.isEqual(key, other) { isNew = false }
      if isNew {
        seen.append(key)
        chosen.append(element)
      }
    }
    return try evaluator.generator(chosen)
  }

  static func groups(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["attribute", "default", "case_sensitive"], required: 1)
    let isCaseSensitive = given[2]?.isTrue ?? false
    let elements = try evaluator.elements(of: value)
    func key(_ element: TemplateValue) throws(TemplateFault) -> TemplateValue {
      let member = try evaluator.member(given[0], of: element, or: given[1])
      return try evaluator.sortKey(member, isCaseSensitive)
    }
    var rest = try evaluator.sorted(elements, isReversed: false, by: key)[...]
    var groups: [TemplateValue] = []
    while let first = rest.first {
      let firstKey = try key(first)
      var members: [TemplateValue] = []
      while let next = rest.first, try evaluator.isEqual(try key(next), firstKey) {
        members.append(rest.removeFirst())
      }
      let grouper = try evaluator.member(given[0], of: first, or: given[1])
      groups.append(try evaluator.list([grouper, try evaluator.list(members)], .group))
    }
    return try evaluator.list(groups)
  }

  static func least(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try extreme(evaluator, value, arguments, isGreatest: false)
  }

  static func greatest(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try extreme(evaluator, value, arguments, isGreatest: true)
  }

  /// Of several equal ones, the first.
  private static func extreme(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments,
    isGreatest: Bool
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["case_sensitive", "attribute"])
    var best: (key: TemplateValue, element: TemplateValue)?
    for element in try evaluator.elements(of: value) {
      let member = try evaluator.member(given[1], of: element)
      let key = try evaluator.sortKey(member, given[0]?.isTrue ?? false)
      if let known = best {
        let isBetter =
          try isGreatest ? evaluator.isLess(known.key, key) : evaluator.isLess(key, known.key)
        if !isBetter { continue }
      }
      best = (key, element)
    }
    return best?.element ?? .undefined(.empty)
  }
}

extension TemplateEvaluator {
  /// The value to compare by: a string in lower case, unless case counts.
  fileprivate func sortKey(
    _ value: TemplateValue, _ isCaseSensitive: Bool
  ) throws(TemplateFault) -> TemplateValue {
    guard !isCaseSensitive, let text = value.text else { return value }
    try budget.make(text.utf8.count * 3)
    return .string(text.lowercased)
  }
}
