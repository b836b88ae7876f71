// Values as text: Python's `str` and `repr`.

extension TemplateEvaluator {
  /// The value as Python's `str` gives it.
  func text(of value: TemplateValue) throws(TemplateFault) -> TemplateText {
    if let text = value.text { return text }
    var buffer: [UInt8] = []
    try write(value, into: &buffer)
    return TemplateText(utf8: buffer)
  }

  /// Appends the value as Python's `str` gives it.
  func write(_ value: TemplateValue, into buffer: inout [UInt8]) throws(TemplateFault) {
    switch value {
    case .undefined: break
    case .string(let text), .markup(let text):
      try budget.make(text.utf8.count)
      buffer += text.utf8
    default: try writeRepresentation(value, into: &buffer)
    }
  }

  /// The value as Python's `repr` gives it, or as `ascii` does.
  func representation(
    of value: TemplateValue, isASCII: Bool = false
  ) throws(TemplateFault) -> TemplateText {
    var buffer: [UInt8] = []
    try writeRepresentation(value, into: &buffer)
    let text = TemplateText(utf8: buffer)
    guard isASCII, !text.isASCII else { return text }
    try budget.make(buffer.count * 5)
    var escaped: [UInt8] = []
    for scalar in text.scalars {
      if scalar.isASCII {
        escaped.append(UInt8(scalar.value))
      } else {
        escaped += scalar.escape.utf8
      }
    }
    return TemplateText(utf8: escaped)
  }

  /// Appends the value as Python's `repr` gives it: strings in quotes.
  func writeRepresentation(
    _ value: TemplateValue, depth: Int = 0, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    // Namespaces can hold themselves.
    guard depth <= TemplateBudget.valueDepth else {
      throw TemplateFault(
        .tooDeep, "a value is nested deeper than \(TemplateBudget.valueDepth) levels")
    }
    try budget.step()
    let start = buffer.count
    switch value {
    case .undefined: buffer += "Undefined".utf8
    case .null: buffer += "None".utf8
    case .bool(let value): buffer += (value ? "True" : "False").utf8
    case .int(let value): buffer += value.description.utf8
    case .float(let value): buffer += value.pythonDescription.utf8
    case .string(let text): text.writeRepresentation(into: &buffer)
    case .markup(let text):
      buffer += "Markup(".utf8
      text.writeRepresentation(into: &buffer)
      buffer += ")".utf8
    case .list(let list):
      try write(list, depth: depth, into: &buffer)
      return
    case .dict(let dict):
      try writeMembers(dict.keys, dict.values, depth: depth, into: &buffer)
      return
    case .global, .method: buffer += "<function>".utf8
    case .object(let id):
      try write(id, depth: depth, into: &buffer)
      return
    }
    try budget.make(buffer.count - start)
  }

  private func write(
    _ list: TemplateList, depth: Int, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    let (opening, closing) =
      switch list.kind {
      case .list: ("[", "]")
      case .tuple, .group: ("(", list.elements.count == 1 ? ",)" : ")")
      case .range: ("range(", ")")
      case .keys: ("dict_keys([", "])")
      case .values: ("dict_values([", "])")
      case .items: ("dict_items([", "])")
      }
    buffer += opening.utf8
    if list.kind == .range {
      writeRange(list, into: &buffer)
    } else {
      for (index, element) in list.elements.enumerated() {
        if index > 0 { buffer += ", ".utf8 }
        try writeRepresentation(element, depth: depth + 1, into: &buffer)
      }
    }
    buffer += closing.utf8
    try budget.make(opening.utf8.count + closing.utf8.count + 2 * list.elements.count)
  }

  private func writeRange(_ list: TemplateList, into buffer: inout [UInt8]) {
    let range = list.range ?? TemplateRange(start: 0, stop: 0, step: 1)
    buffer += "\(range.start), \(range.stop)".utf8
    if range.step != 1 { buffer += ", \(range.step)".utf8 }
  }

  private func writeMembers(
    _ keys: [TemplateValue], _ values: [TemplateValue], depth: Int, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    buffer += "{".utf8
    for (index, (key, value)) in zip(keys, values).enumerated() {
      if index > 0 { buffer += ", ".utf8 }
      try writeRepresentation(key, depth: depth + 1, into: &buffer)
      buffer += ": ".utf8
      try writeRepresentation(value, depth: depth + 1, into: &buffer)
    }
    buffer += "}".utf8
    try budget.make(2 + 4 * keys.count)
  }

  private func write(
    _ id: TemplateObjectID, depth: Int, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    switch object(id) {
    case .namespace(let namespace):
      buffer += "<Namespace ".utf8
      let members = namespace.members
      try writeMembers(members.keys, members.values, depth: depth, into: &buffer)
      buffer += ">".utf8
    case .loop(let loop): buffer += "<LoopContext \(loop.index + 1)/\(loop.elements.count)>".utf8
    case .macro(let closure):
      let name = closure.macro.name.map { "'\(self.name($0).string)'" } ?? "anonymous"
      buffer += "<Macro \(name)>".utf8
    case .generator: buffer += "<generator object>".utf8
    case .cycler: buffer += "<Cycler>".utf8
    case .joiner: buffer += "<Joiner>".utf8
    }
    try budget.make(32)
  }
}

extension TemplateText {
  /// Appends the text in quotes, with escapes for what cannot be printed.
  fileprivate func writeRepresentation(into buffer: inout [UInt8]) {
    let hasSingle = utf8.contains(UInt8(ascii: "'"))
    let quote = hasSingle && !utf8.contains(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : 0x27
    buffer.append(quote)
    for scalar in scalars {
      switch scalar {
      case "\n": buffer += "\\n".utf8
      case "\r": buffer += "\\r".utf8
      case "\t": buffer += "\\t".utf8
      case "\\": buffer += "\\\\".utf8
      case "'" where quote == 0x27: buffer += "\\'".utf8
      default:
        if scalar.isPythonPrintable {
          buffer.append(contentsOf: UTF8.encode(scalar)!)
        } else {
          buffer += scalar.escape.utf8
        }
      }
    }
    buffer.append(quote)
  }
}

extension Unicode.Scalar {
  /// The escape sequence that stands for the code point in a string of Python.
  fileprivate var escape: String {
    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
    let digits = String(value, radix: 16)
    return "\\\(letter)\(String(repeating: "0", count: width - digits.utf8.count))\(digits)"
  }

  /// What Python's `str.isprintable` accepts.
  var isPythonPrintable: Bool {
    if isASCII { return value >= 0x20 && value < 0x7F }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }
}

extension Double {
  /// The shortest text that reads back as the same number, in Python's form: with an exponent
  /// below 1e-4 and from 1e16 on.
  var pythonDescription: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    // Swift finds the same digits but changes to an exponent elsewhere.
    let parts = magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = Array(mantissa.joined().utf8)
    var exponent = mantissa[0].utf8.count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.count > 1, digits[0] == UInt8(ascii: "0") {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
    if self == 0 { exponent = 0 }
    let text = String(decoding: digits, as: UTF8.self)
    let sign = self.sign == .minus ? "-" : ""
    func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
    switch exponent {
    case 0..<16:
      let missing = exponent + 1 - digits.count
      if missing >= 0 { return "\(sign)\(text)\(zeros(missing)).0" }
      return "\(sign)\(text.prefix(exponent + 1)).\(text.dropFirst(exponent + 1))"
    case -4..<0:
      return "\(sign)0.\(zeros(-exponent - 1))\(text)"
    default:
      let fraction = digits.count > 1 ? ".\(text.dropFirst())" : ""
      let size = abs(exponent)
      return "\(sign)\(text.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")"
        + (size < 10 ? "0\(size)" : "\(size)")
    }
  }
}
