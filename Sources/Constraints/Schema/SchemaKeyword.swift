// The keywords of JSON Schema, and what stands below them.

/// What is known of a keyword's name.
enum SchemaKeyword {
  /// What a keyword's value holds.
  enum Shape {
    case schema
    case list
    case map
    /// No schema, but something that is enforced.
    case assertion
    /// Says something to people, or names a place.
    case annotation
  }

  /// Nil for a name that is no keyword.
  static func shape(of key: String) -> Shape? {
    if let shape = shapes[key] { return shape }
    return key.hasPrefix("x-") ? .annotation : nil
  }

  private static let shapes: [String: Shape] = {
    var shapes: [String: Shape] = [:]
    let names: [(Shape, [String])] = [
      (
        .schema,
        [
          "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
          "unevaluatedItems", "unevaluatedProperties", "additionalItems",
        ]
      ),
      (.list, ["prefixItems", "allOf", "anyOf", "oneOf"]),
      (
        .map,
        [
          "properties", "patternProperties", "dependentSchemas", "dependencies", "$defs",
          "definitions",
        ]
      ),
      (
        .assertion,
        [
          "$ref", "$dynamicRef", "type", "const", "enum", "multipleOf", "maximum",
          "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
          "format", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
          "maxProperties", "minProperties", "required", "dependentRequired",
        ]
      ),
      (
        .annotation,
        [
          "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "$vocabulary", "title",
          "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
          "contentEncoding", "contentMediaType", "contentSchema",
          // OpenAPI's. A discriminator says which of `oneOf` is meant, which holds without it.
          "discriminator", "xml", "externalDocs",
        ]
      ),
    ]
    for (shape, keys) in names { for key in keys { shapes[key] = shape } }
    return shapes
  }()
}
