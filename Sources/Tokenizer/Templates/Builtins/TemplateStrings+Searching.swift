// Finding and replacing in strings. Places are counted in code points.

extension TemplateStrings {
  static func startsWith(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try hasEnd(evaluator, text, arguments) { $0.starts(with: $1) }
  }

  static func endsWith(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try hasEnd(evaluator, text, arguments) { $0.suffix($1.count).elementsEqual($1) }
  }

  private static func hasEnd(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments,
    _ isEnd: (ArraySlice<UInt8>, [UInt8]) -> Bool
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["prefix", "start", "end"], required: 1)
    guard let range = try range(evaluator, text, given[1], given[2]) else { return .bool(false) }
    var ends = [given[0]!]
    if case .list(let list) = given[0]!, list.kind == .tuple { ends = list.elements }
    for end in ends {
      let end = try evaluator.string(end).utf8
      try evaluator.budget.scan(end.count)
      if isEnd(text.utf8[range], end) { return .bool(true) }
    }
    return .bool(false)
  }

  static func find(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    .int(try place(evaluator, text, arguments, fromRight: false) ?? -1)
  }

  static func findFromRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    .int(try place(evaluator, text, arguments, fromRight: true) ?? -1)
  }

  static func index(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard let place = try place(evaluator, text, arguments, fromRight: false) else {
      throw evaluator.invalid("the text was not found")
    }
    return .int(place)
  }

  static func indexFromRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard let place = try place(evaluator, text, arguments, fromRight: true) else {
      throw evaluator.invalid("the text was not found")
    }
    return .int(place)
  }

  private static func place(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments,
    fromRight: Bool
  ) throws(TemplateFault) -> Int? {
    let given = try arguments.bind(["sub", "start", "end"], required: 1)
    let part = try evaluator.string(given[0]!)
    guard let range = try range(evaluator, text, given[1], given[2]) else { return nil }
    try evaluator.budget.make(range.count)
    let search = evaluator.search(TemplateText(text.utf8[range]))
    let found = try fromRight ? search.last(part) : search.first(part)
    return found.map { TemplateText.count(text.utf8[..<(range.lowerBound + $0)]) }
  }

  static func count(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["sub", "start", "end"], required: 1)
    let part = try evaluator.string(given[0]!)
    guard let range = try range(evaluator, text, given[1], given[2]) else { return .int(0) }
    try evaluator.budget.make(range.count)
    return .int(try evaluator.search(TemplateText(text.utf8[range])).all(part).count)
  }

  /// The bytes between two code points given as for a slice; nil where they begin behind the end.
  private static func range(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ start: TemplateValue?,
    _ end: TemplateValue?
  ) throws(TemplateFault) -> Range<Int>? {
    func bound(_ value: TemplateValue?) throws(TemplateFault) -> Int? {
      switch value {
      case nil, .null: nil
      case let value?: try evaluator.integer(value, or: 0)
      }
    }
    let (start, end) = (try bound(start), try bound(end))
    if start == nil, end == nil { return 0..<text.utf8.count }
    try evaluator.budget.scan(text.utf8.count)
    let count = text.count
    func place(_ bound: Int) -> Int { max(0, bound < 0 ? bound + count : bound) }
    let (first, last) = (place(start ?? 0), min(count, place(end ?? count)))
    if first > last { return nil }
    return text.offset(ofScalar: first)..<text.offset(ofScalar: last)
  }

  static func replace(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["old", "new", "count"], required: 2)
    let (old, new) = (try evaluator.string(given[0]!), try evaluator.string(given[1]!))
    var limit = -1
    if let count = given[2], case .null = count {
      limit = -1
    } else {
      limit = try evaluator.integer(given[2], or: -1)
    }
    return .string(try evaluator.replacing(old, with: new, in: text, limit: limit))
  }
}

extension TemplateEvaluator {
  /// The text with `new` in the place of each `old`, or of the first `limit` of them if that is not
  /// negative.
  func replacing(
    _ old: TemplateText, with new: TemplateText, in text: TemplateText, limit: Int
  ) throws(TemplateFault) -> TemplateText {
    let places = try search(text).all(old, limit: limit < 0 ? .max : limit)
    let (added, isTooLarge) = places.count.multipliedReportingOverflow(by: new.utf8.count)
    try budget.make(isTooLarge ? .max : added)
    try budget.make(text.utf8.count)
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count + added)
    var start = 0
    for place in places {
      result += text.utf8[start..<place]
      result += new.utf8
      start = place + old.utf8.count
    }
    result += text.utf8[start...]
    return TemplateText(utf8: result)
  }
}
