// Taking away at the ends of strings, and filling them up.

extension TemplateStrings {
  static func strip(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try strip(evaluator, text, arguments, left: true, right: true)
  }

  static func stripLeft(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try strip(evaluator, text, arguments, left: true, right: false)
  }

  static func stripRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try strip(evaluator, text, arguments, left: false, right: true)
  }

  private static func strip(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments,
    left: Bool, right: Bool
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["chars"])[0]
    var slice = text.utf8[...]
    switch given {
    case nil, .null:
      if left { slice = slice.withoutLeadingSpace }
      if right { slice = slice.withoutTrailingSpace }
    case let chars?:
      let chars = try evaluator.string(chars)
      if chars.isASCII {
        try evaluator.budget.scan(text.utf8.count + chars.utf8.count)
        var isTaken = [Bool](repeating: false, count: 256)
        for byte in chars.utf8 { isTaken[Int(byte)] = true }
        if left { slice = slice.drop { isTaken[Int($0)] } }
        if right { while let last = slice.last, isTaken[Int(last)] { slice.removeLast() } }
        break
      }
      try evaluator.budget.walk(text.utf8.count + chars.utf8.count)
      let set = Set(chars.scalars)
      var scalars = text.scalars[...]
      if left { scalars = scalars.drop { set.contains($0) } }
      if right { while let last = scalars.last, set.contains(last) { scalars.removeLast() } }
      return try evaluator.string(TemplateText(String(scalars)))
    }
    return try evaluator.string(TemplateText(slice))
  }

  static func removePrefix(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let part = try evaluator.string(try arguments.bind(["prefix"], required: 1)[0]!)
    let isThere = text.utf8.starts(with: part.utf8)
    return try evaluator.string(TemplateText(text.utf8.dropFirst(isThere ? part.utf8.count : 0)))
  }

  static func removeSuffix(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let part = try evaluator.string(try arguments.bind(["suffix"], required: 1)[0]!)
    let isThere = text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
    return try evaluator.string(TemplateText(text.utf8.dropLast(isThere ? part.utf8.count : 0)))
  }

  static func justifyLeft(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try fill(evaluator, text, arguments) { _, missing in (0, missing) }
  }

  static func justifyRight(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try fill(evaluator, text, arguments) { _, missing in (missing, 0) }
  }

  static func center(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try fill(evaluator, text, arguments) { width, missing in
      // Python puts an odd one on the left only where the width is odd.
      let left = missing / 2 + (missing & width & 1)
      return (left, missing - left)
    }
  }

  private static func fill(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments,
    share: (_ width: Int, _ missing: Int) -> (left: Int, right: Int)
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["width", "fillchar"], required: 1)
    let width = try evaluator.integer(given[0], or: 0)
    let filling = try evaluator.string(given[1], or: " ")
    guard filling.count == 1 else { throw evaluator.invalid("'fillchar' must be one character") }
    let missing = max(0, max(0, width) - text.count)
    let (left, right) = share(width, missing)
    let prefix = try evaluator.repeated(filling, left)
    let suffix = try evaluator.repeated(filling, right)
    return try evaluator.string(
      TemplateText(utf8: prefix.utf8 + text.utf8 + suffix.utf8))
  }

  static func fillWithZeros(
    _ evaluator: TemplateEvaluator, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let width = try evaluator.integer(try arguments.bind(["width"], required: 1)[0]!, or: 0)
    let zeros = try evaluator.repeated("0", max(0, max(0, width) - text.count))
    let isSigned = text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
    let sign = text.utf8.prefix(isSigned ? 1 : 0)
    return try evaluator.string(
      TemplateText(utf8: sign + zeros.utf8 + text.utf8.dropFirst(sign.count)))
  }
}
