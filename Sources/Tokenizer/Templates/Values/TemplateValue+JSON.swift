// Values from JSON, and JSON from values, as Python's `json` module writes it.

import JSON

extension TemplateEvaluator {
  /// The value of a variable that the caller gave.
  func value(of json: JSONValue, depth: Int = 0) throws(TemplateFault) -> TemplateValue {
    guard depth <= TemplateBudget.valueDepth else {
      throw TemplateFault(
        .tooDeep, "a variable is nested deeper than \(TemplateBudget.valueDepth) levels")
    }
    budget.allow(textBytes: json.stringValue?.utf8.count ?? 0)
    switch json {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .int(Int(value))
    case .largeInteger(let digits): return .float(Double(digits) ?? 0)
    case .number(let value): return .float(value)
    case .string(let value): return .string(TemplateText(value))
    case .array(let elements):
      var values: [TemplateValue] = []
      values.reserveCapacity(elements.count)
      for element in elements { values.append(try value(of: element, depth: depth + 1)) }
      return .list(TemplateList(values))
    case .object(let members):
      var builder = TemplateDictBuilder()
      for (key, member) in members {
        builder[.string(TemplateText(key))] = try value(of: member, depth: depth + 1)
      }
      return .dict(builder.dict)
    }
  }
}

/// How `tojson` writes: transformers' arguments to `json.dumps`.
struct TemplateJSONStyle {
  var escapesNonASCII = false
  /// What a level is indented by; nil writes everything on one line.
  var indent: TemplateText?
  var itemSeparator: TemplateText = ", "
  var keySeparator: TemplateText = ": "
  var sortsKeys = false
}

extension TemplateEvaluator {
  /// Appends `value` as JSON.
  func writeJSON(
    _ value: TemplateValue, _ style: TemplateJSONStyle, depth: Int = 0, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    try budget.step()
    let start = buffer.count
    switch value {
    case .null: buffer += "null".utf8
    case .bool(let value): buffer += (value ? "true" : "false").utf8
    case .int(let value): buffer += value.description.utf8
    case .float(let value): buffer += Self.jsonNumber(value).utf8
    case .string(let text), .markup(let text):
      try budget.make(text.utf8.count)
      Self.writeJSON(text, style, into: &buffer)
      return
    case .list(let list) where list.isIndexed && list.kind != .range:
      try writeJSON(list.elements, style, depth, between: "[]", into: &buffer) {
        (element, buffer) throws(TemplateFault) in
        try self.writeJSON(element, style, depth: depth + 1, into: &buffer)
      }
      return
    case .dict(let dict):
      var members = Array(zip(dict.keys, dict.values))
      if style.sortsKeys {
        members = try sorted(members, isReversed: false) { $0.0 }
      }
      try writeJSON(members, style, depth, between: "{}", into: &buffer) {
        (member, buffer) throws(TemplateFault) in
        try self.writeJSONKey(member.0, style, into: &buffer)
        buffer += style.keySeparator.utf8
        try self.writeJSON(member.1, style, depth: depth + 1, into: &buffer)
      }
      return
    default:
      throw invalid("\(value.type.name) cannot be written as JSON")
    }
    try budget.make(buffer.count - start)
  }

  private func writeJSON<Item>(
    _ items: [Item], _ style: TemplateJSONStyle, _ depth: Int, between brackets: StaticString,
    into buffer: inout [UInt8],
    each: (Item, inout [UInt8]) throws(TemplateFault) -> Void
  ) throws(TemplateFault) {
    let brackets = Array(brackets.description.utf8)
    buffer.append(brackets[0])
    for (index, item) in items.enumerated() {
      if index > 0 { buffer += style.itemSeparator.utf8 }
      try breakLine(style, depth + 1, into: &buffer)
      try each(item, &buffer)
    }
    if !items.isEmpty { try breakLine(style, depth, into: &buffer) }
    buffer.append(brackets[1])
  }

  private func breakLine(
    _ style: TemplateJSONStyle, _ depth: Int, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    guard let indent = style.indent else { return }
    try budget.make(1 + depth * indent.utf8.count)
    buffer.append(0x0A)
    for _ in 0..<depth { buffer += indent.utf8 }
  }

  private func writeJSONKey(
    _ key: TemplateValue, _ style: TemplateJSONStyle, into buffer: inout [UInt8]
  ) throws(TemplateFault) {
    switch key {
    case .string, .markup: try writeJSON(key, style, into: &buffer)
    case .null, .bool, .int, .float:
      buffer.append(UInt8(ascii: "\""))
      try writeJSON(key, style, into: &buffer)
      buffer.append(UInt8(ascii: "\""))
    default: throw invalid("\(key.type.name) cannot be a key in JSON")
    }
  }

  private static func writeJSON(
    _ text: TemplateText, _ style: TemplateJSONStyle, into buffer: inout [UInt8]
  ) {
    buffer.append(UInt8(ascii: "\""))
    if style.escapesNonASCII, !text.isASCII {
      for scalar in text.scalars {
        if scalar.isASCII {
          JSONWriter.escape(String(scalar), into: &buffer)
        } else {
          for unit in UTF16.encode(scalar)! {
            let digits = String(unit, radix: 16)
            buffer += ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
          }
        }
      }
    } else {
      JSONWriter.escape(utf8: text.utf8, into: &buffer)
    }
    buffer.append(UInt8(ascii: "\""))
  }

  private static func jsonNumber(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return value.pythonDescription
  }
}
