// Schemas of which is enforced what can be.

import Constraints
import Testing

@Suite struct LoosenedSchemaTests {
  private static let loose: SchemaOptions = {
    var options = SchemaOptions()
    options.leavesOutUnenforceable = true
    return options
  }()

  @Test(arguments: [
    (
      #"{"type":"object","properties":{"a":{"type":"string","pattern":"(?<!x)y"},"b":{"type":"integer"}},"required":["a","b"]}"#,
      [#"{"a":"z","b":1}"#], [#"{"a":1,"b":1}"#, #"{"a":"z","b":"1"}"#, #"{"a":"z"}"#]
    ),
    (
      #"{"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":2}"#,
      [#"["a","a"]"#], ["[1]", #"["a","b","c"]"#]
    ),
    (
      #"{"type":"array","uniqueItems":true,"contains":{"type":"string"}}"#, [#"[1,1,"a"]"#],
      ["[1]"]
    ),
    (#"{"type":"integer","multipleOf":99999}"#, ["5"], ["0.5"]),
    (#"{"type":"boolean","frobnicate":1}"#, ["true"], ["1"]),
    (
      #"{"type":"object","properties":{"a":{"type":"string","required":true}}}"#, [#"{"a":"x"}"#],
      [
        #"{"a":1}"#
      ]
    ),
    (#"{"$schema":"https://example.com/own","type":"null"}"#, ["null"], ["1"]),
    // Of two patterns one can be held to.
    (
      #"{"type":"string","allOf":[{"pattern":"\\bx"},{"pattern":"^x+$"}]}"#, [#""xx""#], [#""y""#]
    ),
    // What a text must not be is less.
    (#"{"type":"string","not":{"pattern":"\\bx"}}"#, [#""x""#], ["1"]),
    (#"{"not":{"type":"string","frobnicate":1}}"#, ["1"], [#""x""#]),
  ])
  func losesTheKeywordThatCannotBeEnforced(
    _ schema: String, _ accepted: [String], _ rejected: [String]
  ) throws {
    #expect(throws: ConstraintError.self) { try Constraint.schema(schema) }
    let constraint = try Constraint.schema(schema, options: Self.loose)
    for text in accepted { #expect(try constraint.accepts(text), "\(schema) \(text)") }
    for text in rejected { #expect(try !constraint.accepts(text), "\(schema) \(text)") }
  }

  @Test(arguments: [
    ##"{"$ref":"#/nowhere"}"##, #"{"enum":[1e23]}"#, #"{"not":{"uniqueItems":true}}"#,
    #"{"patternProperties":{"\\bx":true},"additionalProperties":false}"#, #"{"properties":[1]}"#,
  ])
  func whatWouldAllowLessIsRefused(_ schema: String) {
    #expect(throws: ConstraintError.self) {
      try Constraint.schema(schema, options: Self.loose)
    }
  }

  @Test func manyPatternsThatBecomeTooLargeAreRefused() {
    let pattern = "(?:a|b)*a(?:a|b){30}"
    let properties = (0..<8).map { #""p\#($0)":{"type":"string","pattern":"\#($0)\#(pattern)"}"# }
    let schema = #"{"type":"object","properties":{\#(properties.joined(separator: ","))}}"#
    let error = #expect(throws: ConstraintError.self) {
      try Constraint.schema(schema, options: Self.loose)
    }
    #expect(error?.code == .tooComplex)
  }

  @Test func aPartIsLoosenedAlone() throws {
    let constraint = try Constraint.parts(
      .sequence([
        .loosened(["type": "array", "items": ["type": "integer"], "uniqueItems": true]),
        .text(" "), .schema(["type": "boolean"]),
      ]))
    #expect(try constraint.accepts("[1,1] true"))
    #expect(try !constraint.accepts("[true] true"))
    #expect(throws: ConstraintError.self) {
      try Constraint.parts(.either([.loosened(true), .schema(["frobnicate": 1])]))
    }
  }

  @Test func theSameSchemaLoosenedIsAnotherSource() throws {
    let cache = ConstraintCache()
    _ = try cache.constraint(.init(.loosened(["frobnicate": 1])), owner: "a")
    #expect(throws: ConstraintError.self) {
      try cache.constraint(.init(.schema(["frobnicate": 1])), owner: "a")
    }
  }

  @Test func anExpressionMayBeAPart() throws {
    let constraint = try Constraint.parts(
      .sequence([.text("<"), .expression("[a-c]+|x"), .text(">")]))
    for text in ["<abc>", "<x>"] { #expect(try constraint.accepts(text)) }
    for text in ["<>", "<xa>", "abc"] { #expect(try !constraint.accepts(text)) }
  }
}
