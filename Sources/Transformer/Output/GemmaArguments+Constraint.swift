// Gemma's way of writing arguments as a constraint: bare keys, and marks in place of a text's quotes.

import Constraints
import JSON

extension GemmaArguments {
  /// A call of a function whose arguments satisfy its schema, as far as types, lists of values,
  /// members and elements go.
  static func call(of function: CallableFunction) -> ConstraintPart {
    var schema = GemmaSchema(function)
    let arguments = schema.value(function.parameters)
    return .sequence([.text("call:\(function.name)"), arguments.part, .text("<tool_call|>")])
  }
}

/// A function's schema, whose references are looked up in its root.
private struct GemmaSchema {
  /// A part and how many parts it is read as.
  struct Sized {
    let part: ConstraintPart
    var size = 1
  }

  private let function: CallableFunction
  /// Schemas that may still be looked at.
  private var steps = 4096

  /// References and objects deeper than this are any value, and so is what grows larger.
  private static let mostDepth = 8
  private static let mostParts = 8192

  init(_ function: CallableFunction) { self.function = function }

  mutating func value(_ schema: JSONValue, depth: Int = mostDepth) -> Sized {
    steps -= 1
    guard depth > 0, steps >= 0 else { return Self.anything }
    let found = known(schema, depth)
    return found.size <= Self.mostParts ? found : Self.anything
  }

  private mutating func known(_ schema: JSONValue, _ depth: Int) -> Sized {
    if let reference = schema["$ref"]?.stringValue {
      guard let target = ArgumentTypes.target(of: reference, in: function.parameters) else {
        return Self.anything
      }
      return value(target, depth: depth - 1)
    }
    if let values = schema["enum"]?.arrayValue ?? schema["const"].map({ [$0] }), !values.isEmpty {
      guard values.count <= min(steps, Self.mostParts) else { return Self.anything }
      steps -= values.count
      return Sized(
        part: .either(values.map { .text(Self.spelling($0)) }), size: values.count)
    }
    if let choices = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue, !choices.isEmpty {
      return either(choices) { $0.value($1, depth: depth - 1) }
    }
    if let types = schema["type"]?.arrayValue?.compactMap(\.stringValue), !types.isEmpty {
      return either(types) { $0.value($1, schema, depth) }
    }
    guard let type = schema["type"]?.stringValue else { return Self.anything }
    return value(type, schema, depth)
  }

  private mutating func either<Choice>(
    _ choices: [Choice], _ part: (inout Self, Choice) -> Sized
  ) -> Sized {
    var parts: [ConstraintPart] = []
    var size = 0
    for choice in choices {
      let one = part(&self, choice)
      parts.append(one.part)
      size += one.size
    }
    return Sized(part: .either(parts), size: size)
  }

  private mutating func value(_ type: String, _ schema: JSONValue, _ depth: Int) -> Sized {
    switch type {
    case "string":
      Sized(part: .sequence([.text(GemmaArguments.quote), .until(GemmaArguments.quote)]))
    case "integer", "number", "boolean", "null":
      Sized(part: function.part(Self.scalar(type, schema)))
    case "array": array(schema, depth)
    case "object": object(schema, depth)
    default: Self.anything
    }
  }

  /// The keywords that say something of numbers.
  private static func scalar(_ type: String, _ schema: JSONValue) -> JSONValue {
    var result: JSONObject = ["type": .string(type)]
    for name in [
      "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ] where type == "integer" || type == "number" {
      result[name] = schema[name]
    }
    return .object(result)
  }

  private mutating func array(_ schema: JSONValue, _ depth: Int) -> Sized {
    let item: Sized
    if let items = schema["items"] {
      item = value(items, depth: depth - 1)
    } else {
      item = Self.anything
    }
    let full = ConstraintPart.sequence([
      .text("["), .list(item.part, separator: .text(",")), .text("]"),
    ])
    let isFilled = (schema["minItems"]?.intValue ?? 0) > 0
    return Sized(part: isFilled ? full : .either([.text("[]"), full]), size: item.size + 4)
  }

  private mutating func object(_ schema: JSONValue, _ depth: Int) -> Sized {
    let (names, required) = SchemaArguments.names(of: schema)
    guard !names.isEmpty else {
      return Sized(
        part: SchemaArguments.allowsOthers(schema)
          ? .grammar(Self.grammar(root: "object")) : .text("{}"))
    }
    guard names.count <= steps else { return Self.anything }
    // What may follow, from the last member to the first: behind nothing, and behind another member,
    // which needs a comma.
    var first = Sized(part: .text(""))
    var next = Sized(part: .text(""))
    for name in names.reversed() {
      let isRequired = required.contains(name)
      let own = value(schema["properties"]?[name] ?? true, depth: depth - 1)
      let member = ConstraintPart.sequence([.text(name + ":"), own.part])
      let begun = ConstraintPart.sequence([member, next.part])
      let behind = ConstraintPart.sequence([.text(","), member])
      let size = min(own.size + next.size + 2, Self.mostParts + 1)
      first =
        isRequired
        ? Sized(part: begun, size: size)
        : Sized(
          part: .either([begun, first.part]), size: min(size + first.size, Self.mostParts + 1))
      next = Sized(
        part: .sequence([
          isRequired ? behind : .either([.text(""), behind]), next.part,
        ]), size: size)
    }
    return Sized(part: .sequence([.text("{"), first.part, .text("}")]), size: first.size + 2)
  }

  private static func spelling(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): GemmaArguments.quote + text + GemmaArguments.quote
    case .array(let elements): "[" + elements.map(spelling).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\($0.key):\(spelling($0.value))" }.joined(separator: ",") + "}"
    default: value.serialized()
    }
  }

  private static let anything = Sized(part: .grammar(grammar(root: "value")))

  private static func grammar(root: String) -> String {
    #"""
    root ::= \#(root)
    value ::= "null" | "true" | "false" | number | string | array | object
    array ::= "[" (value ("," value)*)? "]"
    object ::= "{" (member ("," member)*)? "}"
    member ::= [A-Za-z_] [A-Za-z0-9_]* ":" value
    number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)?
    string ::= "<|\"|>" ([^<] | "<" [^<|])* "<|\"|>"
    """#
  }
}
