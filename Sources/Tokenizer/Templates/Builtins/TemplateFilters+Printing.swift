// `pprint`: values over several lines, as Python's module of that name lays them out.

extension TemplateFilters {
  static func prettyPrint(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    _ = try arguments.bind([])
    let printer = TemplatePrinter(evaluator: evaluator)
    var result: [UInt8] = []
    try printer.write(value, indent: 0, allowance: 0, depth: 0, into: &result)
    return .string(TemplateText(utf8: result))
  }
}

private struct TemplatePrinter {
  static let width = 80
  /// Laying out a value takes the time of so many steps, however short it is.
  private static let stepsPerValue = 5

  let evaluator: TemplateEvaluator

  /// Appends the value. `indent` is the column where it begins; behind it stand `allowance`
  /// characters of its surroundings.
  func write(
    _ value: TemplateValue, indent: Int, allowance: Int, depth: Int, into result: inout [UInt8]
  ) throws(TemplateFault) {
    try evaluator.budget.step(Self.stepsPerValue)
    let flat = try flat(value)
    try evaluator.budget.make(flat.utf8.count)
    guard flat.count > Self.width - indent - allowance else {
      result += flat.utf8
      return
    }
    switch value {
    case .dict(let dict) where !dict.keys.isEmpty:
      result.append(UInt8(ascii: "{"))
      let members = try members(dict)
      for (index, member) in members.enumerated() {
        let key = try self.flat(member.key)
        try breakLine(index, indent + 1, into: &result)
        result += key.utf8 + ": ".utf8
        let isLast = index == members.count - 1
        try write(
          member.value, indent: indent + 1 + key.count + 2, allowance: isLast ? allowance + 1 : 1,
          depth: depth + 1, into: &result)
      }
      result.append(UInt8(ascii: "}"))
    case .list(let list) where list.kind == .list || list.kind == .tuple:
      let isTuple = list.kind == .tuple
      let closing = isTuple ? list.elements.count == 1 ? ",)" : ")" : "]"
      result += (isTuple ? "(" : "[").utf8
      for (index, element) in list.elements.enumerated() {
        try breakLine(index, indent + 1, into: &result)
        let isLast = index == list.elements.count - 1
        try write(
          element, indent: indent + 1, allowance: isLast ? allowance + closing.utf8.count : 1,
          depth: depth + 1, into: &result)
      }
      result += closing.utf8
    case .string(let text):
      try write(text, indent: indent, allowance: allowance, isOutermost: depth == 0, into: &result)
    default: result += flat.utf8
    }
  }

  private func breakLine(
    _ index: Int, _ indent: Int, into result: inout [UInt8]
  ) throws(TemplateFault) {
    guard index > 0 else { return }
    result += ",\n".utf8
    result += try evaluator.repeated(" ", indent).utf8
  }

  /// A long string as several literals side by side, cut between words and behind line breaks.
  private func write(
    _ text: TemplateText, indent: Int, allowance: Int, isOutermost: Bool,
    into result: inout [UInt8]
  ) throws(TemplateFault) {
    let (indent, allowance) = isOutermost ? (indent + 1, allowance + 1) : (indent, allowance)
    var parts: [TemplateText] = []
    let lines = text.lines(keepingEnds: true)
    for (index, line) in lines.enumerated() {
      let whole = try literal(TemplateText(line))
      let room = Self.width - indent - (index == lines.count - 1 ? allowance : 0)
      if whole.count <= room {
        parts.append(whole)
        continue
      }
      var current = TemplateText("")
      let words = TemplateText(line).words
      for (place, word) in words.enumerated() {
        let candidate = TemplateText(utf8: current.utf8 + word)
        let isLast = index == lines.count - 1 && place == words.count - 1
        let room = Self.width - indent - (isLast ? allowance : 0)
        if try literal(candidate).count > room {
          if !current.utf8.isEmpty { parts.append(try literal(current)) }
          current = TemplateText(word)
        } else {
          current = candidate
        }
      }
      if !current.utf8.isEmpty { parts.append(try literal(current)) }
    }
    let isBracketed = isOutermost && parts.count > 1
    if isBracketed { result.append(UInt8(ascii: "(")) }
    for (index, part) in parts.enumerated() {
      if index > 0 {
        result.append(0x0A)
        result += try evaluator.repeated(" ", indent).utf8
      }
      result += part.utf8
    }
    if isBracketed { result.append(UInt8(ascii: ")")) }
  }

  private func literal(_ text: TemplateText) throws(TemplateFault) -> TemplateText {
    try evaluator.budget.walk(text.utf8.count)
    return try evaluator.representation(of: .string(text))
  }

  /// The value on one line, mappings sorted by key.
  private func flat(_ value: TemplateValue) throws(TemplateFault) -> TemplateText {
    try evaluator.representation(of: try sorted(value))
  }

  private func sorted(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
    switch value {
    case .dict(let dict):
      var builder = TemplateDictBuilder()
      for (key, value) in try members(dict) { builder[key] = try sorted(value) }
      return try evaluator.dict(builder)
    case .list(let list) where list.depth > 1 && (list.kind == .list || list.kind == .tuple):
      var elements: [TemplateValue] = []
      for element in list.elements { elements.append(try sorted(element)) }
      return try evaluator.list(elements, list.kind)
    default: return value
    }
  }

  /// By key; keys that have no order go by the names of their types.
  private func members(
    _ dict: TemplateDict
  ) throws(TemplateFault) -> [(key: TemplateValue, value: TemplateValue)] {
    let members = zip(dict.keys, dict.values).map { (key: $0, value: $1) }
    let isOrdered =
      dict.keys.allSatisfy { $0.text != nil } || dict.keys.allSatisfy { $0.double != nil }
    return try evaluator.sorted(members, isReversed: false) { member throws(TemplateFault) in
      if isOrdered { return member.key }
      let name: TemplateText =
        switch member.key {
        case .null: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .list: "tuple"
        default: "str"
        }
      return try evaluator.list([.string(name), .string(try evaluator.text(of: member.key))])
    }
  }
}

extension TemplateText {
  /// Runs of anything but white space, each with the white space behind it.
  fileprivate var words: [ArraySlice<UInt8>] {
    var words: [ArraySlice<UInt8>] = []
    var start = 0
    var end = 0
    while end < utf8.count {
      while end < utf8.count, utf8[...].spaceLength(at: end) == 0 { end += 1 }
      end = utf8[end...].withoutLeadingSpace.startIndex
      words.append(utf8[start..<end])
      start = end
    }
    return words
  }
}
