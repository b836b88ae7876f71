// Schemas that want to exhaust time, memory or the stack, as texts.

enum HostileSchemas {
  /// Made once, so that making them is not counted among what refusing them costs.
  static let all: [(name: String, text: String)] = deep + dependent + alternatives + wide + long

  /// `count` elements with commas between them.
  private static func list(_ count: Int, _ element: (Int) -> String) -> String {
    (0..<count).map(element).joined(separator: ",")
  }

  /// A schema with `keywords` and a reference, which leads through `count` others.
  private static func chain(
    _ count: Int, _ keywords: String = "", _ link: (_ reference: String) -> String
  ) -> String {
    let links = list(count) { ##""\##($0)":\##(link(##""$ref":"#/x-/\##($0 + 1)""##))"## }
    return ##"{\##(keywords)"$ref":"#/x-/0","x-":{\##(links),"\##(count)":{}}}"##
  }

  private static let deep: [(name: String, text: String)] = [
    (
      "a chain of references beside an unevaluated keyword",
      chain(21_000, #""unevaluatedProperties":false,"#) { "{\($0)}" }
    ),
    (
      "lists of values within lists of values",
      chain(6_000) { #"{"enum":[{}],"properties":{"a":{\#($0)}}}"# }
    ),
    (
      "a list of values that is limited by itself",
      ##"{"enum":[{}],"properties":{"a":{"$ref":"#"}}}"##
    ),
    (
      "a list of values that is limited by itself twice",
      ##"{"enum":[{}],"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}}}"##
    ),
    (
      "unevaluated keywords that see the same names",
      ##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":["##
        + list(500) { _ in ##"{"unevaluatedProperties":false,"$ref":"#/$defs/b"}"## }
        + #"]},"b":{"properties":{"# + list(3_000) { #""\#($0)":true"# } + "}}}}"
    ),
  ]

  private static let dependent: [(name: String, text: String)] = [
    (
      "properties that each ask for another one",
      #"{"dependentRequired":{"# + list(19) { #""a\#($0)":["b"]"# } + "}}"
    ),
    (
      "properties that each ask for a schema",
      #"{"dependentSchemas":{"# + list(19) { #""a\#($0)":{"minProperties":\#($0)}"# } + "}}"
    ),
    (
      "thousands of properties that ask for another one",
      #"{"dependentRequired":{"# + list(10_000) { #""a\#($0)":["b"]"# } + "}}"
    ),
  ]

  private static let alternatives: [(name: String, text: String)] = [
    ("two hundred alternatives that are one", #"{"oneOf":["# + list(200) { _ in "{}" } + "]}"),
    (
      "alternatives that do not exclude each other",
      #"{"oneOf":["# + list(128) { #"{"minLength":\#($0)}"# } + #"],"oops":1}"#
    ),
    (
      "alternatives none of which may hold alone",
      #"{"not":{"oneOf":["# + list(128) { #"{"minLength":\#($0)}"# } + "]}}"
    ),
    (
      "alternatives in many properties",
      #"{"properties":{"#
        + list(6) { name in
          let tagged = list(128) {
            #"{"type":"object","required":["k"],"properties":{"k":{"const":\#($0)}}}"#
          }
          return #""\#(name)":{"oneOf":[\#(tagged)]}"#
        } + "}}"
    ),
    (
      "alternatives by long lists of values",
      #"{"oneOf":["#
        + list(128) { part in
          let values = list(300) { "\(300 * part + $0)" }
          return
            #"{"type":"object","required":["k"],"properties":{"k":{"enum":[\#(values)]}}}"#
        } + "]}"
    ),
  ]

  private static let wide: [(name: String, text: String)] = [
    // What is refused comes behind them.
    (
      "thousands of names that are required",
      #"{"required":["# + list(15_000) { #""\#($0)""# } + #"],"oops":1}"#
    ),
    (
      "thousands of values",
      #"{"items":{"oops":1},"required":["a"],"properties":{"a":{"enum":["#
        + list(15_000) { "\($0)" } + "]}}}"
    ),
    (
      "two long lists of values",
      #"{"allOf":[{"enum":["# + list(10_000) { "\($0)" } + #"]},{"enum":["#
        + list(10_000) { "\($0 + 10_000)" } + "]}]}"
    ),
    (
      "long lists in many ways",
      #"{"anyOf":["# + list(127) { #"{"minLength":\#($0)}"# } + #"],"enum":["#
        + list(10_000) { "\($0)" } + "]}"
    ),
    (
      "names in many ways",
      #"{"anyOf":["# + list(127) { #"{"minLength":\#($0)}"# } + #"],"properties":{"#
        + list(10_000) { #""\#($0)":true"# } + "}}"
    ),
    (
      "properties of which one is to break its schema",
      #"{"properties":{"# + list(2_000) { #""\#($0)":true"# } + #"},"not":{"properties":{"#
        + list(2_000) { #""\#($0)":true"# } + "}}}"
    ),
    (
      "names of which one is not to be there",
      #"{"not":{"required":["# + list(40_000) { #""\#($0)""# } + "]}}"
    ),
    (
      "places of which one is to break its schema",
      #"{"not":{"prefixItems":["# + list(10_000) { _ in "1" } + "]}}"
    ),
    (
      "schemas of which one is to be broken",
      #"{"not":{"allOf":["# + list(10_000) { _ in "1" } + "]}}"
    ),
    (
      "names that a property asks for, of which one is not to be there",
      #"{"not":{"dependentRequired":{"a":["# + list(40_000) { #""\#($0)""# } + "]}}}"
    ),
    ("ten thousand alternatives", #"{"anyOf":["# + list(10_000) { _ in "1" } + "]}"),
    (
      "schemas for every other property",
      #"{"allOf":["# + list(2_000) { #"{"additionalProperties":{"minimum":\#($0)}}"# }
        + #"],"properties":{"# + list(1_000) { #""\#($0)":true"# } + "}}"
    ),
    (
      "schemas for every element, which are counted",
      #"{"allOf":["# + list(1_000) { #"{"items":{"minimum":\#($0)}}"# }
        + #"],"contains":true,"minContains":200,"maxItems":200}"#
    ),
    (
      "thousands of patterns of names",
      #"{"patternProperties":{"# + list(3_000) { #""^(a|b)*a(a|b){10}c\#($0)$":true"# }
        + #"},"properties":{"# + list(1_000) { #""a\#($0)":true"# } + "}}"
    ),
  ]

  private static let long: [(name: String, text: String)] = {
    let name = String(repeating: "x", count: 50_000)
    return [
      (
        "half a million alternatives of a pattern",
        #"{"pattern":""# + String(repeating: "a|", count: 500_000) + #"a"}"#
      ),
      (
        "thousands of sets of letters in a pattern",
        #"{"pattern":""# + String(repeating: #"\\p{L}"#, count: 10_000) + #""}"#
      ),
      (
        "a long name above many schemas",
        #"{"properties":{"\#(name)":{"properties":{"#
          + list(5_000) { #""\#($0)":{}"# } + "}}}}"
      ),
      (
        "a long URI above many resources",
        #"{"$id":"http://a/\#(name)/","properties":{"#
          + list(5_000) { #""\#($0)":{"$id":"\#($0)"}"# } + "}}"
      ),
      (
        "a long URI above many anchors",
        #"{"$id":"http://a/\#(name)/","properties":{"#
          + list(5_000) { #""\#($0)":{"$anchor":"\#($0)"}"# } + "}}"
      ),
    ]
  }()
}
