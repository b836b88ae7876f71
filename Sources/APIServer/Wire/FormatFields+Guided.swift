// What an answer must be, as vLLM's clients say it.

import Constraints
import JSON

extension FormatFields {
  /// At most so many texts may be chosen from.
  private static let choiceCount = 1024

  /// `structured_outputs`, and `guided_json` and others, which are its older names.
  static func guided(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> [AnswerConstraint] {
    let leaveOut = "leave it out"
    var found = try guided(&fields, prefix: "guided_", limits)
    // Says which program compiles it: here there is one.
    fields.passOver("guided_decoding_backend")
    try fields.refuseUnsupported("guided_whitespace_pattern", unless: { _ in false }, leaveOut)
    guard var inner = try fields.fields("structured_outputs") else { return found }
    found += try guided(&inner, prefix: "", limits)
    if try inner.bool("json_object") ?? false {
      found.append(
        AnswerConstraint(.schema(["type": "object"]), field: inner.path(of: "json_object")))
    }
    for name in ["structural_tag", "whitespace_pattern"] {
      try inner.refuseUnsupported(name, unless: { _ in false }, leaveOut)
    }
    for name in ["disable_any_whitespace", "disable_additional_properties"] {
      try inner.refuseUnsupported(name, unless: { $0 == false }, leaveOut)
    }
    // Nothing falls back.
    inner.passOver("disable_fallback")
    try inner.end()
    return found
  }

  private static func guided(
    _ fields: inout RequestFields, prefix: String, _ limits: Server.Limits
  ) throws(APIError) -> [AnswerConstraint] {
    var found: [AnswerConstraint] = []
    if let value = fields.value(prefix + "json") {
      found.append(
        try schema(fields, prefix + "json", json(value, fields, prefix + "json", limits), limits))
    }
    if let pattern = try fields.string(prefix + "regex") {
      try check(fields, prefix + "regex", pattern.utf8.count, limits)
      found.append(
        AnswerConstraint(.expression(pattern), field: fields.path(of: prefix + "regex")))
    }
    if let texts = try choice(&fields, prefix + "choice", limits) {
      found.append(
        AnswerConstraint(
          .either(texts.map { .text($0) }), field: fields.path(of: prefix + "choice")))
    }
    if let grammar = try fields.string(prefix + "grammar") {
      try check(fields, prefix + "grammar", grammar.utf8.count, limits)
      found.append(
        AnswerConstraint(.grammar(grammar), field: fields.path(of: prefix + "grammar")))
    }
    return found
  }

  /// A schema, which may be written in a text.
  private static func json(
    _ value: JSONValue, _ fields: RequestFields, _ name: String, _ limits: Server.Limits
  ) throws(APIError) -> JSONValue {
    guard case .string(let text) = value else { return value }
    try check(fields, name, text.utf8.count, limits)
    do {
      return try Constraint.parse(text, ConstraintLimits())
    } catch {
      throw fields.invalid(name, "invalid_constraint", "can't be enforced: \(error)")
    }
  }

  private static func choice(
    _ fields: inout RequestFields, _ name: String, _ limits: Server.Limits
  ) throws(APIError) -> [String]? {
    guard let elements = try fields.elements(name, atMost: choiceCount) else { return nil }
    guard !elements.isEmpty else {
      throw fields.invalid(name, "empty_array", "must have at least one text")
    }
    var texts: [String] = []
    for (index, element) in elements.enumerated() {
      guard case .string(let text) = element else {
        throw fields.mistyped("\(name)[\(index)]", "a string", element)
      }
      texts.append(text)
    }
    try check(fields, name, texts.reduce(0) { $0 + $1.utf8.count }, limits)
    return texts
  }
}
