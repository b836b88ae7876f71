// What a schema may say beside what is enforced.

import Constraints
import Testing

@Suite struct AnnotationTests {
  @Test(arguments: [
    "password", "binary", "byte", "int32", "int64", "float", "double", "markdown", "currency",
  ])
  func aFormatThatIsNotKnownSaysNothingOfTheText(name: String) throws {
    let constraint = try Constraint.schema(#"{"format":"\#(name)"}"#)
    for text in [#""x""#, "1", "{}"] { #expect(try constraint.accepts(text), "\(text)") }
    #expect(throws: ConstraintError.self) {
      try Constraint.schema(#"{"not":{"format":"\#(name)"}}"#)
    }
  }

  /// As Pydantic and OpenAPI write unions with a tag.
  @Test func aTaggedUnionIsHeldTo() throws {
    let constraint = try Constraint.schema(
      ##"""
      {
        "oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
        "discriminator": {"propertyName": "k", "mapping": {"a": "#/$defs/A"}},
        "xml": {"name": "x"}, "externalDocs": {"url": "https://example.org"},
        "$defs": {
          "A": {
            "type": "object", "properties": {"k": {"const": "a"}}, "required": ["k"],
            "additionalProperties": false
          },
          "B": {
            "type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"],
            "additionalProperties": false
          }
        }
      }
      """##)
    for text in [#"{"k":"a"}"#, #"{"k":"b"}"#] { #expect(try constraint.accepts(text)) }
    for text in [#"{"k":"c"}"#, "{}"] { #expect(try !constraint.accepts(text)) }
  }
}
