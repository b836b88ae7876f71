// JSON Schema: what is accepted, what is refused and how it is called.

import Constraints
import JSON
import Testing

struct SchemaTests {
  @Test(arguments: [
    (
      #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x",1.0,null]}},"required":["a"],"additionalProperties":false}"#,
      [
        #"{"a":1}"#, #"{"a": -3, "b": "x"}"#, "{\n  \"a\": 0,\n  \"b\": 1\n}", #"{"a":1,"b":null}"#,
      ],
      ["{}", #"{"b":"x","a":1}"#, #"{"a":1.5}"#, #"{"a":01}"#, #"{"a":1,"c":2}"#, #"{"a":-0}"#]
    ),
    (
      #"{"type":"number","minimum":-1.5,"exclusiveMaximum":10}"#,
      ["-1.5", "0", "9.99", "-0.25", "3"], ["-1.6", "10", "9.", "1e1", "-2", "100", "1.50"]
    ),
    (
      #"{"type":"integer","minimum":1024,"maximum":65535}"#, ["1024", "9999", "65535"],
      ["1023", "65536", "70000", "0"]
    ),
    (#"{"multipleOf":0.05}"#, ["0", "0.05", "1.25", "-3.1", "\"x\""], ["0.01", "1.234"]),
    (
      #"{"type":"string","pattern":"^[a-zé\"]+$","maxLength":3}"#,
      [#""abc""#, #""é\"é""#, #""a""#], [#""abcd""#, #""A""#, #""""#, #""\u0061""#]
    ),
    (
      #"{"type":"string","pattern":"^\\p{L}+$","minLength":2,"maxLength":200}"#,
      [#""éß""#, "\"" + String(repeating: "ж", count: 200) + "\""],
      [#""é""#, "\"" + String(repeating: "ж", count: 201) + "\"", #""a1""#]
    ),
    (
      #"{"type":"string","minLength":2,"maxLength":2}"#, [#""😀\n""#, #""ab""#],
      [#""a""#, #""abc""#]
    ),
    (
      #"{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}"#,
      ["[true]", "[true, false,true]"], ["[]", "[1]", "[true,true,true,true]"]
    ),
    (
      #"{"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true}"#,
      ["[]", #"["b","a"]"#], [#"["a","a"]"#]
    ),
    (
      #"{"prefixItems":[{"const":1},{"type":"string"}],"items":false,"type":"array"}"#,
      ["[]", "[1]", #"[1,"x"]"#], ["[2]", #"[1,"x",3]"#]
    ),
    (
      #"{"type":"array","contains":{"type":"string"},"maxContains":1}"#, [#"[1,"x",{}]"#],
      ["[1]", #"["x","y"]"#]
    ),
    (
      #"{"type":"string","dependentRequired":{"a":["z"],"b":["z"],"c":["z"],"d":["z"],"e":["z"],"f":["z"],"g":["z"],"h":["z"]}}"#,
      [#""x""#], ["{}"]
    ),
    (
      #"{"type":"object","patternProperties":{"^n":{"type":"number"}},"additionalProperties":{"type":"string"}}"#,
      [#"{"n1":1,"m":"x"}"#, "{}"], [#"{"n1":"x"}"#, #"{"m":1}"#]
    ),
    (
      #"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
      [#"{"k":"a","v":1}"#, #"{"k":"b","v":"x"}"#], [#"{"k":"a","v":"x"}"#, #"{"k":"c"}"#, "{}"]
    ),
    (#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, ["1", "2.5", "\"x\""], ["3", "1.5"]),
    (
      #"{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]},"type":"object"}"#,
      [#"{"a":1,"b":2}"#, #"{"a":2,"c":2}"#], [#"{"a":1,"c":2}"#, "{}"]
    ),
    (
      ##"{"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"next":{"$ref":"#/$defs/tree"}},"additionalProperties":false}}}"##,
      [#"{"next":{"next":{}}}"#], [#"{"next":1}"#]
    ),
    (#"{"not":{"type":["string","object"]}}"#, ["1", "[]", "null"], [#""x""#, "{}"]),
    (
      #"{"type":"object","minProperties":2,"maxProperties":2,"properties":{"a":true,"b":true,"c":true},"additionalProperties":false}"#,
      [#"{"a":1,"c":2}"#], [#"{"a":1}"#, #"{"a":1,"b":1,"c":1}"#]
    ),
    (
      #"{"type":"string","format":"date"}"#, [#""2024-02-29""#],
      [#""2023-02-29""#, #""2024-13-01""#]
    ),
    (
      #"{"type":"string","format":"ipv6"}"#, [#""::1""#, #""1:2:3:4:5:6:7:8""#],
      [#""1:2""#, #"":::""#]
    ),
    ("true", [#"{"a":[1,{"b":null}]}"#, "\"\""], ["", "{", "01"]),
  ])
  func acceptsInOneSpelling(_ schema: String, _ accepted: [String], _ rejected: [String]) throws {
    let constraint = try Constraint.schema(schema)
    for text in accepted { #expect(try constraint.accepts(text), "\(schema) \(text)") }
    for text in rejected { #expect(try !constraint.accepts(text), "\(schema) \(text)") }
  }

  @Test(arguments: [
    (
      #"{"properties":{"a/b":{"frobnicate":1}}}"#, "#/properties/a~1b/frobnicate",
      ConstraintError.Code.unsupported
    ),
    (##"{"items":{"$ref":"#/nowhere"}}"##, "#/items/$ref", .undefined),
    (#"{"type":"array","uniqueItems":true}"#, "#/uniqueItems", .unsupported),
    (#"{"type":"string","pattern":"(?=a)"}"#, "#/pattern", .unsupported),
    (#"{"type":"strin"}"#, "#/type", .syntax),
    (#"{"allOf":[{"minimum":"x"}]}"#, "#/allOf/0/minimum", .syntax),
    (#"{"$schema":"https://example.com/own"}"#, "#/$schema", .unsupported),
    (#"{"type":"string","enum":[1]}"#, "", .impossible),
    ("{", "", .syntax),
  ])
  func refusesWithThePlace(
    _ schema: String, _ place: String, _ code: ConstraintError.Code
  ) {
    #expect { try Constraint.schema(schema) } throws: { error in
      guard let error = error as? ConstraintError else { return false }
      return error.place == place && error.code == code
    }
  }

  @Test
  func compactAnswersHaveNoWhiteSpace() throws {
    var options = SchemaOptions()
    options.whiteSpace = .compact
    let constraint = try Constraint.schema(#"{"type":"array"}"#, options: options)
    #expect(try constraint.accepts(#"[1,{"a":2}]"#))
    #expect(try !constraint.accepts("[1, 2]"))
  }

  @Test
  func whiteSpaceIsBounded() throws {
    let constraint = try Constraint.schema(#"{"type":"array"}"#)
    #expect(try constraint.accepts("[\n" + String(repeating: " ", count: 24) + "1]"))
    #expect(try !constraint.accepts("[\n" + String(repeating: " ", count: 25) + "1]"))
    #expect(try !constraint.accepts("[\n\n1]"))
  }

  @Test
  func reportsKeywordByKeyword() throws {
    let report = try SchemaReport(
      ##"{"title":"t","type":"object","properties":{"a":{"uniqueItems":true,"type":"array"}},"$defs":{"u":{"minimum":1}},"oops":1}"##
    )
    let outcomes = Dictionary(
      uniqueKeysWithValues: report.entries.map { ($0.pointer, $0.outcome) })
    #expect(outcomes["#/title"] == .annotation)
    #expect(outcomes["#/type"] == .enforced)
    #expect(outcomes["#/$defs/u/minimum"] == .unused)
    #expect(!report.isUsable)
    for pointer in ["#/properties/a/uniqueItems", "#/oops"] {
      guard case .refused = outcomes[pointer] else {
        Issue.record("\(pointer) should be refused")
        continue
      }
    }
    #expect(try SchemaReport(#"{"type":"string"}"#).isUsable)
  }

  @Test func schemasOfOneConstraintKeepTheirReferences() throws {
    func part(_ name: String, _ schema: String) throws -> ConstraintPart {
      .sequence([
        .text("<\(name)>"), .schema(try JSONValue.parse(schema)), .text("</\(name)>"),
      ])
    }
    let constraint = try Constraint.parts(
      .either([
        part("a", ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"boolean"}}}"##),
        part("b", ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"null"}}}"##),
      ]))
    for text in ["<a>true</a>", "<b>null</b>"] { #expect(try constraint.accepts(text)) }
    for text in ["<a>null</a>", "<b>true</b>", "<a>true", "true"] {
      #expect(try !constraint.accepts(text))
    }
    let rest = try constraint.remaining(after: "<a>t")
    #expect(try rest.accepts("rue</a>") && !rest.accepts("<a>true</a>"))
    #expect(throws: ConstraintError.self) { try constraint.remaining(after: "<c") }
  }

  @Test func digitsCanBeBounded() throws {
    var options = SchemaOptions()
    options.digitCount = 3
    let constraint = try Constraint.schema(#"{"type":"number","minimum":-50}"#, options: options)
    for text in ["999", "0.125", "-49.5"] { #expect(try constraint.accepts(text)) }
    for text in ["1000", "0.1255", "-51"] { #expect(try !constraint.accepts(text)) }
  }

  @Test(arguments: [
    (#"{"enum":[1e23]}"#, "#/enum"),
    (#"{"not":{"const":{"a":[1e200]}}}"#, "#/not/const"),
    (#"{"required":["a",1]}"#, "#/required"),
    (#"{"dependentRequired":{"a":"b"}}"#, "#/dependentRequired"),
    (#"{"properties":{"\u00e9":true},"required":["e\u0301"]}"#, "#"),
    (#"{"properties":{"K":true,"\u212a":true}}"#, "#"),
    (#"{"properties":{"\u00e9":true,"e\u0301":{"type":"null"}}}"#, "#"),
  ])
  func whatCannotBeTakenAsItIsWrittenIsRefused(_ schema: String, _ place: String) {
    let error = #expect(throws: ConstraintError.self) { try Constraint.schema(schema) }
    #expect(error?.place == place)
  }

  @Test func numbersBeyond64BitsAreExact() throws {
    let constraint = try Constraint.schema(
      #"{"type":"integer","minimum":-18446744073709551615,"maximum":18446744073709551615}"#)
    for text in ["0", "18446744073709551615", "-18446744073709551615"] {
      #expect(try constraint.accepts(text))
    }
    for text in ["18446744073709551616", "-18446744073709551616"] {
      #expect(try !constraint.accepts(text))
    }
    #expect(try Constraint.schema(#"{"const":1e20}"#).accepts("100000000000000000000"))
    let one = try Constraint.schema(#"{"const":12345678901234567890}"#)
    #expect(try one.accepts("12345678901234567890") && !one.accepts("12345678901234567000"))
    // What is rounded holds all the more.
    let rounded = try Constraint.schema(#"{"type":"integer","maximum":1e23}"#)
    #expect(try rounded.accepts("99999999999999900000000"))
    #expect(try !rounded.accepts("100000000000000000000000"))
  }

  /// A property for each of twelve kinds of message, of which each has many alternatives.
  @Test(arguments: [40, 50])
  func alternativesThatATagTellsApartTakeNoSteps(_ count: Int) throws {
    let properties = (0..<12).map { property in
      let options = (0..<count).map {
        ##"{"type":"object","properties":{"k":{"const":"\##(property)-\##($0)"},"v":{"type":"integer"}},"required":["k","v"],"additionalProperties":false}"##
      }
      return #""p\#(property)":{"oneOf":[\#(options.joined(separator: ","))]}"#
    }
    let text = #"{"type":"object","properties":{\#(properties.joined(separator: ","))}}"#
    let constraint = try Constraint.schema(text)
    #expect(try constraint.accepts(#"{"p0":{"k":"0-7","v":1},"p11":{"k":"11-39","v":2}}"#))
    #expect(try !constraint.accepts(#"{"p0":{"k":"1-7","v":1}}"#))
    #expect(try !constraint.accepts(#"{"p0":{"k":"0-7"}}"#))
  }

  /// The language of expressions with so many kinds of nodes, each of two operands.
  @Test(arguments: [20, 40])
  func manyPropertiesReferToOneChoice(_ count: Int) throws {
    let operand = ##"{"$ref":"#/$defs/node","description":"operand"}"##
    let kinds = (0..<count).map {
      ##""op\##($0)":{"type":"object","properties":{"op":{"const":"op\##($0)"},"a":\##(operand),"b":\##(operand)},"required":["op"],"additionalProperties":false}"##
    }
    let choice = (0..<count).map { ##"{"$ref":"#/$defs/op\##($0)"}"## }.joined(separator: ",")
    let constraint = try Constraint.schema(
      ##"{"$ref":"#/$defs/node","$defs":{"node":{"oneOf":[\##(choice)]},"##
        + kinds.joined(separator: ",") + "}}")
    #expect(try constraint.accepts(#"{"op":"op3","a":{"op":"op19"}}"#))
    #expect(try !constraint.accepts(#"{"op":"op3","a":{"op":"op99"}}"#))
  }

  /// What tells the two apart lies beside a property that refers to them again.
  @Test func alternativesThatReferToThemselvesAreToldApart() throws {
    func list(_ name: String) -> String {
      ##""\##(name)":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/\##(name)"},{"type":"null"}]},"head":{"type":"object","properties":{"kind":{"const":"\##(name)"}},"required":["kind"],"additionalProperties":false}},"required":["next","head"],"additionalProperties":false}"##
    }
    let constraint = try Constraint.schema(
      ##"{"oneOf":[{"$ref":"#/$defs/A"},{"$ref":"#/$defs/B"}],"$defs":{\##(list("A")),\##(list("B"))}}"##
    )
    #expect(try constraint.accepts(#"{"next":null,"head":{"kind":"B"}}"#))
    #expect(
      try !constraint.accepts(
        #"{"next":{"next":null,"head":{"kind":"A"}},"head":{"kind":"B"}}"#))
  }

  @Test func aLongListOfValuesBesideATagIsNoName() throws {
    let values = (0..<260).map { #""v\#($0)""# }.joined(separator: ",")
    let options = (0..<40).map {
      ##"{"type":"object","properties":{"type":{"const":"t\##($0)"},"country":{"enum":[\##(values)]}},"required":["type","country"],"additionalProperties":false}"##
    }
    let constraint = try Constraint.schema(#"{"oneOf":[\#(options.joined(separator: ","))]}"#)
    #expect(try constraint.accepts(#"{"type":"t39","country":"v259"}"#))
  }

  @Test func tooManyStepsAreCalledSteps() throws {
    let links = (0..<20_100).map { ##""\##($0)":{"$ref":"#/x-/\##($0 + 1)"}"## }
    let text =
      ##"{"$ref":"#/x-/0","x-":{"## + links.joined(separator: ",") + #","20100":{}}}"#
    let error = #expect(throws: ConstraintError.self) { try Constraint.schema(text) }
    #expect(error?.code == .tooComplex)
    #expect(error?.message.contains("more than 20000 steps") == true)
  }

  /// Each of the schemas is accepted alone, and so are two.
  @Test func schemasOfOneConstraintShareWhatTheyMayCost() throws {
    let list = JSONValue.array((0..<9_000).map { ["minLength": .integer(Int64($0))] })
    let parts = [ConstraintPart](repeating: .schema(["allOf": list]), count: 3)
    let one = try Constraint.parts(parts[0])
    #expect((0.4..<0.6).contains(one.schemaEffort))
    _ = try Constraint.parts(.either([parts[0], parts[1]]))
    let error = #expect(throws: ConstraintError.self) { try Constraint.parts(.either(parts)) }
    #expect(error?.code == .tooComplex)
  }
}
