// What an answer must be: JSON, JSON that satisfies a schema, or a text of a grammar.

import Constraints
import JSON

/// What an answer must be, alone and as a part of more, and the field that says so.
struct AnswerConstraint: Sendable {
  let part: ConstraintPart
  let field: String
}

enum FormatFields {
  /// `response_format` as OpenAI has it, and `json_schema` and `grammar` as llama.cpp has them, of
  /// which one may be there; nil where an answer is free.
  static func completions(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    var found: [AnswerConstraint] = []
    if var format = try fields.fields("response_format") {
      if let constraint = try constraint(&format, schemaIn: "json_schema", limits) {
        found.append(constraint)
      }
    }
    if let schema = fields.value("json_schema") {
      found.append(try self.schema(fields, "json_schema", schema, limits))
    }
    if let grammar = try fields.string("grammar") {
      try check(fields, "grammar", grammar.utf8.count, limits)
      found.append(AnswerConstraint(part: .grammar(grammar), field: fields.path(of: "grammar")))
    }
    guard found.count < 2 else {
      throw fields.invalid(
        "response_format", "invalid_value",
        "can't be combined with 'json_schema' or 'grammar'; send one of them")
    }
    return found.first
  }

  /// `text` of the Responses API.
  static func responses(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    guard var text = try fields.fields("text") else { return nil }
    guard var format = try text.fields("format") else { return nil }
    return try constraint(&format, schemaIn: nil, limits)
  }

  /// `output_config.format` of Anthropic's API.
  static func messages(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    guard var configuration = try fields.fields("output_config"),
      var format = try configuration.fields("format")
    else { return nil }
    return try constraint(&format, schemaIn: nil, limits)
  }

  /// - Parameter member: the member that holds the schema and its name; nil where they stand in the
  ///   format itself.
  private static func constraint(
    _ format: inout RequestFields, schemaIn member: String?, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    switch try format.string("type") {
    case "text": return nil
    case "json_object": return try self.schema(format, "type", ["type": "object"], limits)
    case "json_schema": break
    case nil: throw format.missing("type")
    default:
      throw format.invalid(
        "type", "invalid_value", "must be 'text', 'json_object' or 'json_schema'")
    }
    var holder = format
    if let member {
      guard let inner = try format.fields(member) else { throw format.missing(member) }
      holder = inner
    }
    // Every schema is followed strictly, whatever 'strict' says; the names tell the model nothing.
    _ = try holder.bool("strict")
    _ = try holder.string("name")
    _ = try holder.string("description")
    guard let schema = holder.value("schema") else { throw holder.missing("schema") }
    return try self.schema(holder, "schema", schema, limits)
  }

  private static func schema(
    _ fields: RequestFields, _ name: String, _ schema: JSONValue, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint {
    try check(fields, name, schema.utf8().count, limits)
    return AnswerConstraint(part: .schema(schema), field: fields.path(of: name))
  }

  /// Refuses a schema or a grammar of too many bytes.
  static func check(
    _ fields: RequestFields, _ name: String, _ bytes: Int, _ limits: Server.Limits
  ) throws(APIError) {
    guard bytes <= limits.constraintBytes else {
      throw fields.invalid(
        name, "constraint_too_large",
        "has \(bytes) bytes; at most \(limits.constraintBytes) are accepted")
    }
  }
}
