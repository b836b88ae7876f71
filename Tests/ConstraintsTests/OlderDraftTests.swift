// Keywords of drafts before 2020-12, which mean what their successors do.

import Constraints
import Testing

@Suite struct OlderDraftTests {
  private static let draft7 = #""$schema":"http://json-schema.org/draft-07/schema#""#

  @Test(arguments: [
    (
      #"{\#(draft7),"type":"array","items":[{"type":"integer"},{"type":"string"}],"minItems":2}"#,
      [#"[1,"a"]"#, #"[1,"a",null]"#], [#"["a",1]"#, "[1]"]
    ),
    (
      #"{"type":"array","items":[{"type":"integer"},{"type":"string"}],"additionalItems":false}"#,
      ["[]", "[1]", #"[1,"a"]"#], [#"[1,"a",2]"#, #"["a"]"#]
    ),
    (
      #"{\#(draft7),"type":"array","items":[true],"additionalItems":{"type":"boolean"}}"#,
      ["[1,true,false]"], ["[1,2]"]
    ),
    (
      #"{\#(draft7),"type":"array","items":{"type":"integer"},"additionalItems":false}"#,
      ["[1,2,3]"], [#"["a"]"#]
    ),
    (
      ##"{\##(draft7),"type":"array","items":[{"type":"null"},{"$ref":"#/items/0"}],"additionalItems":false}"##,
      ["[null,null]"], ["[null,1]"]
    ),
    (
      #"{\#(draft7),"type":"object","properties":{"a":true,"b":true},"additionalProperties":false,"dependencies":{"a":["b"]}}"#,
      ["{}", #"{"b":1}"#, #"{"a":1,"b":1}"#], [#"{"a":1}"#]
    ),
    (
      #"{\#(draft7),"type":"object","properties":{"a":true,"b":true},"additionalProperties":false,"dependencies":{"a":{"properties":{"b":{"type":"null"}},"required":["b"]}}}"#,
      [#"{"b":1}"#, #"{"a":1,"b":null}"#], [#"{"a":1}"#, #"{"a":1,"b":1}"#]
    ),
    (
      #"{"type":"array","not":{"items":[{"type":"integer"}]},"maxItems":1}"#, [#"["a"]"#],
      ["[1]", "[]"]
    ),
    (
      #"{"type":"object","properties":{"a":true,"b":true},"additionalProperties":false,"not":{"dependencies":{"a":["b"]}}}"#,
      [#"{"a":1}"#], ["{}", #"{"a":1,"b":1}"#]
    ),
    (
      #"{"type":"array","items":[true],"unevaluatedItems":{"type":"null"}}"#, ["[1,null]"],
      ["[1,1]"]
    ),
    (
      #"{"type":"array","items":[true],"prefixItems":[true,true],"unevaluatedItems":false}"#,
      ["[1,2]"], ["[1,2,3]"]
    ),
  ])
  func holdsToTheirKeywords(
    _ schema: String, _ accepted: [String], _ rejected: [String]
  ) throws {
    let constraint = try Constraint.schema(schema)
    for text in accepted { #expect(try constraint.accepts(text), "\(schema) \(text)") }
    for text in rejected { #expect(try !constraint.accepts(text), "\(schema) \(text)") }
  }

  @Test func dependenciesAreNamesOrSchemas() {
    let error = #expect(throws: ConstraintError.self) {
      try Constraint.schema(#"{"type":"object","dependencies":{"a":[1]}}"#)
    }
    #expect(error?.place == "#/dependencies")
  }
}
