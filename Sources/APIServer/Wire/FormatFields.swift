// What an answer must be: JSON, JSON that satisfies a schema, or a text of a grammar.

import Constraints
import JSON

/// What an answer must be, alone and as a part of more, and the field that says so.
struct AnswerConstraint: Sendable {
  /// What is asked for, and then what is held to in its place where it cannot be enforced: each says
  /// less than the one before. At least one.
  let parts: [ConstraintPart]
  let field: String

  init(_ parts: ConstraintPart..., field: String) {
    self.parts = parts
    self.field = field
  }

  /// What the message of a refusal begins with: OpenAI's own words where it has such a field.
  var refusal: String {
    let isOpenAIs = field.hasPrefix("response_format.") || field.hasPrefix("text.format.")
    return (isOpenAIs ? "Invalid schema for response_format: " : "")
      + "'\(field)' can't be enforced"
  }
}

enum FormatFields {
  /// `response_format` as OpenAI has it, `json_schema` and `grammar` as llama.cpp has them, and
  /// vLLM's `structured_outputs` and `guided_…`, of which one may be there; nil where an answer is
  /// free.
  static func completions(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    var found: [AnswerConstraint] = []
    if var format = try fields.fields("response_format") {
      if let constraint = try constraint(&format, .openAI(schemaIn: "json_schema"), limits) {
        found.append(constraint)
      }
    }
    if let schema = fields.value("json_schema") {
      found.append(try self.schema(fields, "json_schema", schema, limits))
    }
    if let grammar = try fields.string("grammar") {
      try check(fields, "grammar", grammar.utf8.count, limits)
      found.append(AnswerConstraint(.grammar(grammar), field: fields.path(of: "grammar")))
    }
    found += try guided(&fields, limits)
    guard found.count < 2 else {
      throw .invalid(
        found[0].field, "invalid_value",
        "'\(found[0].field)' can't be combined with '\(found[1].field)'; send one of them.")
    }
    return found.first
  }

  /// `text` of the Responses API.
  static func responses(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    guard var text = try fields.fields("text") else { return nil }
    guard var format = try text.fields("format") else { return nil }
    return try constraint(&format, .openAI(schemaIn: nil), limits)
  }

  /// `output_config.format` of Anthropic's API.
  static func messages(
    _ fields: inout RequestFields, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    guard var configuration = try fields.fields("output_config"),
      var format = try configuration.fields("format")
    else { return nil }
    return try constraint(&format, .anthropic, limits)
  }

  /// How a format is written.
  private enum Notation {
    /// The member that holds the schema and its name; nil where they stand in the format itself.
    case openAI(schemaIn: String?)
    case anthropic
  }

  private static func constraint(
    _ format: inout RequestFields, _ notation: Notation, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint? {
    switch try format.string("type") {
    case "text": return nil
    case "json_object":
      // llama.cpp's server and others take a schema beside it.
      guard let schema = format.value("schema") else {
        return try self.schema(format, "type", ["type": "object"], limits)
      }
      return try self.schema(format, "schema", schema, limits)
    case "json_schema": break
    case nil: throw format.missing("type")
    default:
      throw format.invalid(
        "type", "invalid_value", "must be 'text', 'json_object' or 'json_schema'")
    }
    var holder = format
    if case .openAI(let member?) = notation {
      guard let inner = try format.fields(member) else { throw format.missing(member) }
      holder = inner
    }
    let isStrict = try holder.bool("strict") ?? false
    // The names tell the model nothing.
    _ = try holder.string("name")
    _ = try holder.string("description")
    guard let schema = holder.value("schema") else { throw holder.missing("schema") }
    if case .openAI = notation, !isStrict, schema.objectValue != nil {
      // OpenAI limits what a schema may say to strict ones.
      try check(holder, "schema", schema.utf8().count, limits)
      // Where that cannot be held to, the answer is of its type; a schema with members is an object's.
      let type = schema["type"] ?? schema["properties"].map { _ in "object" }
      return AnswerConstraint(
        .loosened(schema), .loosened(type.map { ["type": $0] } ?? [:]),
        field: holder.path(of: "schema"))
    }
    return try self.schema(holder, "schema", schema, limits)
  }

  static func schema(
    _ fields: RequestFields, _ name: String, _ schema: JSONValue, _ limits: Server.Limits
  ) throws(APIError) -> AnswerConstraint {
    try check(fields, name, schema.utf8().count, limits)
    return AnswerConstraint(.schema(schema), field: fields.path(of: name))
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
