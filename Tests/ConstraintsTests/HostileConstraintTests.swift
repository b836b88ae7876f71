// Constraints that want to exhaust time, memory or the stack.

import Constraints
import JSON
import Testing

struct HostileConstraintTests {
  typealias Making = @Sendable () throws -> Constraint

  private static func nested(_ depth: Int, _ open: String, _ close: String) -> String {
    String(repeating: open, count: depth) + "a" + String(repeating: close, count: depth)
  }

  /// Made once, so that making it is not counted among what refusing it costs.
  private static let tenMegabytes =
    #"{"description":""# + String(repeating: "x", count: 10 << 20) + #""}"#

  static let hostile: [(name: String, make: Making)] =
    various
    + HostileSchemas.all.map { schema in
      (schema.name, { try .schema(schema.text) })
    }

  private static let various: [(name: String, make: Making)] = [
    (
      "left recursion through ten rules",
      {
        let rules = (0..<10).map { "r\($0) ::= \"\" r\(($0 + 1) % 10) \"x\"" }
        return try .grammar("root ::= r0\n" + rules.joined(separator: "\n"))
      }
    ),
    (
      "left recursion behind something",
      { try .grammar("root ::= \"a\" r\nr ::= r \"b\" | \"c\"") }
    ),
    (
      "left recursion that nothing uses",
      { try .grammar("root ::= \"a\"\nr ::= (\"x\"? r)* \"b\"") }
    ),
    ("a million repetitions of a million", { try .grammar(#"root ::= ("a"{1000000}){1000000}"#) }),
    ("more than a million repetitions", { try .expression("a{1000001}") }),
    ("groups within groups", { try .grammar("root ::= " + nested(100_000, "(", ")")) }),
    ("groups of an expression", { try .expression(nested(100_000, "(", ")")) }),
    (
      "a chain of rules",
      {
        let rules = (0..<20_000).map { "r\($0) ::= r\($0 + 1)" }.joined(separator: "\n")
        return try .grammar("root ::= r0\n" + rules + "\nr20000 ::= \"a\"")
      }
    ),
    (
      "a pattern with two to the power of thirty states",
      {
        try .schema(#"{"type":"string","pattern":"^(a|b)*a(a|b){30}$"}"#)
      }
    ),
    (
      "a pattern of a million repetitions",
      {
        try .schema(#"{"type":"string","pattern":"^[ab]{1000000}$"}"#)
      }
    ),
    (
      "ten megabytes of schema",
      {
        try .schema(tenMegabytes)
      }
    ),
    (
      "a schema that nests a thousand levels",
      {
        try .schema(
          String(repeating: #"{"items":"#, count: 1_000) + "true"
            + String(repeating: "}", count: 1_000))
      }
    ),
    (
      "alternatives that multiply",
      {
        let part = #"{"anyOf":[{"minLength":1},{"maxItems":2},{"minimum":3},{"maximum":9}]}"#
        return try .schema(
          #"{"allOf":["#
            + Array(repeating: part, count: 12).enumerated().map {
              $1.replacing("3", with: "\($0)")
            }.joined(separator: ",") + "]}")
      }
    ),
    (
      "alternatives that multiply through references",
      {
        let definitions = (0..<30).map {
          ##""d\##($0)":{"allOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"anyOf":[\##($0 % 2 == 0 ? "" : "{},"){"type":"string"},{"minLength":\##($0)}]}]}"##
        }
        return try .schema(
          ##"{"$ref":"#/$defs/d0","$defs":{"## + definitions.joined(separator: ",")
            + #","d30":true}}"#)
      }
    ),
    (
      "a list of a million elements at least",
      { try .schema(#"{"type":"array","minItems":10000000}"#) }
    ),
    (
      "an ambiguous grammar",
      {
        try .grammar(#"root ::= ("a"{0,900} "a"{0,800} "a"{0,700}){0,600} "b""#)
      }
    ),
  ]

  @Test(arguments: hostile.indices)
  func isRefused(_ index: Int) {
    let (name, make) = Self.hostile[index]
    #expect(throws: ConstraintError.self, "\(name)") { try make() }
  }

  @Test
  func `an error is one line and drives no terminal, whatever the keywords are`() throws {
    let error = #expect(throws: ConstraintError.self) {
      try Constraint.schema(#"{"properties":{"a\u001b[31m":{"b\nc":1}}}"#)
    }
    // Programs that look for the place find the keyword as it is.
    #expect(error?.place.contains("\u{1B}") == true)
    #expect(error?.description == "#/properties/a\u{FFFD}[31m/b c: the keyword is not known")
  }

  /// As long a chain as fits into a constraint.
  @Test func chainsOfReferencesNeedNoStack() {
    let links = (0..<36_000).map { ##""\##($0)":{"$ref":"#/x/\##($0 + 1)"}"## }
    let text =
      ##"{"unevaluatedProperties":false,"$ref":"#/x/0","x":{"##
      + links.joined(separator: ",") + "}}"
    #expect(throws: ConstraintError.self) { try Constraint.schema(text) }
  }

  @Test
  func aReferenceToItselfHasNoEnd() throws {
    // Nothing is asked for in it, so everything is allowed.
    let constraint = try Constraint.schema(##"{"$ref":"#"}"##)
    #expect(try constraint.accepts("[1]"))
    #expect(throws: ConstraintError.self) {
      try Constraint.schema(
        ##"{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}"##)
    }
  }
}
