// Gemma's way of writing arguments as a constraint: bare keys, and marks in place of a text's quotes.

import Constraints
import JSON

extension GemmaArguments {
  /// A call of a function whose arguments satisfy its schema, as far as types, lists of values,
  /// members and elements go.
  static func call(of function: CallableFunction) -> ConstraintPart {
    let arguments = GemmaSchema(root: function.parameters).value(function.parameters)
    return .sequence([.text("call:\(function.name)"), arguments, .text("<tool_call|>")])
  }
}

/// A function's schema, whose references are looked up in its root.
private struct GemmaSchema {
  let root: JSONValue

  /// References and objects deeper than this are any value.
  private static let mostDepth = 8

  func value(_ schema: JSONValue, depth: Int = mostDepth) -> ConstraintPart {
    guard depth > 0 else { return Self.anything }
    if let reference = schema["$ref"]?.stringValue {
      guard let target = ArgumentTypes.target(of: reference, in: root) else { return Self.anything }
      return value(target, depth: depth - 1)
    }
    if let values = schema["enum"]?.arrayValue ?? schema["const"].map({ [$0] }), !values.isEmpty {
      return .either(values.map { .text(Self.spelling($0)) })
    }
    if let choices = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue, !choices.isEmpty {
      return .either(choices.map { value($0, depth: depth - 1) })
    }
    if let types = schema["type"]?.arrayValue?.compactMap(\.stringValue), !types.isEmpty {
      return .either(types.map { value($0, schema, depth) })
    }
    guard let type = schema["type"]?.stringValue else { return Self.anything }
    return value(type, schema, depth)
  }

  private func value(_ type: String, _ schema: JSONValue, _ depth: Int) -> ConstraintPart {
    switch type {
    case "string": .sequence([.text(GemmaArguments.quote), .until(GemmaArguments.quote)])
    case "integer", "number", "boolean", "null": .schema(Self.scalar(type, schema))
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

  private func array(_ schema: JSONValue, _ depth: Int) -> ConstraintPart {
    let item = schema["items"].map { value($0, depth: depth - 1) } ?? Self.anything
    let full = ConstraintPart.sequence([
      .text("["), .list(item, separator: .text(",")), .text("]"),
    ])
    return (schema["minItems"]?.intValue ?? 0) > 0 ? full : .either([.text("[]"), full])
  }

  private func object(_ schema: JSONValue, _ depth: Int) -> ConstraintPart {
    let declared = SchemaArguments(schema)
    let members = declared.declared.map { argument in
      let own = schema["properties"]?[argument.name] ?? true
      return Member(
        part: .sequence([.text(argument.name + ":"), value(own, depth: depth - 1)]),
        isRequired: argument.isRequired)
    }
    guard members.isEmpty else {
      return .sequence([.text("{"), Self.list(members[...], isFirst: true), .text("}")])
    }
    return declared.allowsOthers ? .grammar(Self.grammar(root: "object")) : .text("{}")
  }

  private struct Member {
    let part: ConstraintPart
    let isRequired: Bool
  }

  /// Members in order, with commas between those that are there.
  private static func list(
    _ members: ArraySlice<Member>, isFirst: Bool
  ) -> ConstraintPart {
    guard let member = members.first else { return .text("") }
    let rest = members.dropFirst()
    let with = ConstraintPart.sequence([
      .text(isFirst ? "" : ","), member.part, list(rest, isFirst: false),
    ])
    if member.isRequired { return with }
    // Once there was one, an absent member changes nothing for those behind it.
    if !isFirst {
      return .sequence([
        .either([.text(""), .sequence([.text(","), member.part])]), list(rest, isFirst: false),
      ])
    }
    return .either([with, list(rest, isFirst: true)])
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

  private static let anything = ConstraintPart.grammar(grammar(root: "value"))

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
