// Schemas of types, and values of schemas.

import Constraints
import FoundationEssentials
import Testing

import Transformer

struct SchemaDerivationTests {
  enum Colour: String, CaseIterable, Generable { case red, green }
  enum Level: Int, CaseIterable, Generable { case low = 1, high = 9 }

  struct Scalars: Generable {
    var text: String
    var flag: Bool
    var count: Int
    var byte: UInt8
    var natural: UInt
    var ratio: Double
    var colour: Colour
    var level: Level
    var note: String?
    var score: Float?
  }

  struct Holder: Generable {
    var names: [String]
    var points: [Point]
    var ages: [String: Int]
    var perhaps: [Int?]
    var nested: Point
    var other: Point?
    struct Point: Generable { var x: Double }
  }

  struct Tree: Generable {
    var value: Int
    var left: [Tree]
    var parent: [String: Tree]?
  }

  struct Guided: Generable {
    var age: Int
    var tags: [String]
    static let guides: Guides = [
      "age": [.describe("in years"), .range(0...120)],
      "tags": [.count(1...3), .element(.length(1...8)), .element(.pattern("^[a-z]+$"))],
    ]
  }

  struct Nested: Generable {
    var grid: [[Int]]
    static let guides: Guides = [
      "grid": [.count(1...2), .element(.count(3)), .element(.element(.range(0...9)))]
    ]
  }

  struct Renamed: Generable {
    var familyName: String
    enum CodingKeys: String, CodingKey { case familyName = "family_name" }
  }

  struct Wrapped: Generable {
    var value: String
    init(from decoder: any Decoder) throws {
      value = try decoder.singleValueContainer().decode(String.self)
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
  }

  struct Times: Generable {
    var at: Date
    var id: UUID
    var page: URL
  }

  /// Refuses placeholders, so it says its schema.
  struct Even: Generable {
    var half: Int
    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer().decode(Int.self)
      guard value > 0, value % 2 == 0 else {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "odd"))
      }
      half = value / 2
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(half * 2)
    }
    static var schema: GenerationSchema? {
      get throws {
        try GenerationSchema(
          json:
            ##"{"$ref":"#/$defs/two","$defs":{"two":{"type":"integer","multipleOf":2,"minimum":2}}}"##
        )
      }
    }
  }
  struct Pair: Generable {
    var first: Even
    var second: Even?
  }

  /// Two types of one name, each with definitions of its own.
  enum Left {
    struct Item: Generable {
      var v: Int
      static var schema: GenerationSchema? {
        get throws { try SchemaDerivationTests.itemSchema("integer") }
      }
    }
  }
  enum Right {
    struct Item: Generable {
      var v: String
      static var schema: GenerationSchema? {
        get throws { try SchemaDerivationTests.itemSchema("string") }
      }
    }
  }
  struct Both: Generable {
    var left: Left.Item
    var right: Right.Item
  }

  fileprivate static func itemSchema(_ type: String) throws -> GenerationSchema {
    try GenerationSchema(
      json:
        ##"{"type":"object","properties":{"v":{"$ref":"#/$defs/v"}},"required":["v"],"##
        + ##""additionalProperties":false,"$defs":{"v":{"type":"\##(type)"}}}"##)
  }

  @Test func typesOfOneNameKeepTheirDefinitions() throws {
    let both = try #"{"left": {"v": 1}, "right": {"v": "a"}}"#.decoded(as: Both.self)
    #expect(both.left.v == 1 && both.right.v == "a")
  }

  @Test func scalarsAndOptionalsKeepTheirOrder() throws {
    #expect(
      try GenerationSchema(of: Scalars.self).text
        == #"{"type":"object","properties":{"text":{"type":"string"},"flag":{"type":"boolean"},"#
        + #""count":{"type":"integer"},"byte":{"type":"integer","minimum":0,"maximum":255},"#
        + #""natural":{"type":"integer","minimum":0},"ratio":{"type":"number"},"#
        + #""colour":{"enum":["red","green"]},"level":{"enum":[1,9]},"note":{"type":"string"},"#
        + #""score":{"type":"number"}},"required":["text","flag","count","byte","natural","ratio","#
        + #""colour","level"],"additionalProperties":false}"#)
  }

  @Test func collectionsAndNestedTypesAreReadThrough() throws {
    let point =
      #"{"type":"object","properties":{"x":{"type":"number"}},"required":["x"],"#
      + #""additionalProperties":false}"#
    #expect(
      try GenerationSchema(of: Holder.self).text
        == #"{"type":"object","properties":{"names":{"type":"array","items":{"type":"string"}},"#
        + #""points":{"type":"array","items":\#(point)},"ages":{"type":"object","#
        + #""additionalProperties":{"type":"integer"}},"perhaps":{"type":"array","items":"#
        + #"{"anyOf":[{"type":"integer"},{"type":"null"}]}},"nested":\#(point),"other":\#(point)},"#
        + #""required":["names","points","ages","perhaps","nested"],"additionalProperties":false}"#)
  }

  @Test func typesThatContainThemselvesBecomeReferences() throws {
    let text = try GenerationSchema(of: Tree.self).text
    #expect(text.hasPrefix(##"{"$ref":"#/$defs/Tree","$defs":{"Tree":{"##), "\(text)")
    let value = try
      #"{"value": 1, "left": [{"value": 2, "left": []}], "parent": {"a": {"value": 3, "left": []}}}"#
      .decoded(as: Tree.self)
    #expect(value.left[0].value == 2)
  }

  @Test func guidesBecomeKeywords() throws {
    #expect(
      try GenerationSchema(of: Guided.self).text
        == #"{"type":"object","properties":{"age":{"type":"integer","description":"in years","#
        + #""minimum":0,"maximum":120},"tags":{"type":"array","items":{"type":"string","#
        + #""minLength":1,"maxLength":8,"pattern":"^[a-z]+$"},"minItems":1,"maxItems":3}},"#
        + #""required":["age","tags"],"additionalProperties":false}"#)
  }

  @Test func guidesReachElementsOfElements() throws {
    #expect(
      try GenerationSchema(of: Nested.self).text
        == #"{"type":"object","properties":{"grid":{"type":"array","items":{"type":"array","#
        + #""items":{"type":"integer","minimum":0,"maximum":9},"minItems":3,"maxItems":3},"#
        + #""minItems":1,"maxItems":2}},"required":["grid"],"additionalProperties":false}"#)
  }

  @Test func codingKeysAndSingleValuesCount() throws {
    #expect(try GenerationSchema(of: Renamed.self).text.contains("family_name"))
    #expect(try GenerationSchema(of: Wrapped.self).text == #"{"type":"string"}"#)
    #expect(try GenerationSchema(of: [Wrapped].self).text.contains(#""items":{"type":"string"}"#))
  }

  @Test func aSchemaOfItsOwnStandsWithinOthersAndKeepsItsReferences() throws {
    let value = try #"{"first": 2, "second": 12}"#.decoded(as: Pair.self)
    #expect(value.second?.half == 6)
    let constraint = try GenerationSchema(of: Pair.self).constraint()
    #expect(try !constraint.accepts(#"{"first": 3}"#))
  }

  @Test func timesAndPlacesHaveFormats() throws {
    let value = try
      #"{"at": "2024-02-29T23:59:59Z", "id": "9f3c1c2e-1111-4222-8333-444455556666", "page": "https://example.org/a"}"#
      .decoded(as: Times.self)
    #expect(value.at.timeIntervalSince1970 == 1_709_251_199)
    let constraint = try GenerationSchema(of: Times.self).constraint()
    for text in [#"{"at": "2023-02-29T"#, #"{"at": "yesterday"#] {
      #expect(try !constraint.accepts(text))
    }
  }

  @Test func numbersAreAsLongAsTypesCanHold() throws {
    let constraint = try GenerationSchema(of: [Int].self).constraint()
    #expect(try constraint.accepts("[999999999999999]"))
    #expect(try !constraint.accepts("[9999999999999999]"))
    let fractions = try GenerationSchema(of: [Float].self).constraint()
    #expect(try fractions.accepts("[-0.25]"))
    #expect(try !fractions.accepts("[" + String(repeating: "9", count: 60) + "]"))
  }

  struct Payload: Generable {
    var kind: Kind
    enum Kind: Codable { case circle(radius: Double), square }
  }
  struct Endless: Generable {
    let next: Box
    final class Box: Codable, Sendable { let value: Endless }
  }
  struct Misguided: Generable {
    var a: Int
    static let guides: Guides = ["b": [.range(1...2)]]
  }
  struct NoArray: Generable {
    var a: Int
    static let guides: Guides = ["a": [.element(.range(1...2))]]
  }
  struct TooDeep: Generable {
    var a: [Int]
    static let guides: Guides = ["a": [.element(.element(.range(1...2)))]]
  }
  enum Untold: CaseIterable, Codable { case a, b }
  struct HasUntold: Generable { var untold: Untold }

  struct Numbered: Generable { var names: [Int: String] }

  @Test(arguments: [
    (Numbered.self as any Generable.Type, "looks for its keys"),
    (Payload.self, "Kind: its decoding refuses placeholders"),
    (Endless.self, "without end"),
    (Misguided.self, "'b', which is no property"),
    (NoArray.self, "elements of 'a' finds no array"),
    (TooDeep.self, "elements of 'a' finds no array"),
    (HasUntold.self, "raw values"),
  ])
  func whatCannotBeDerivedSaysWhy(_ type: any Generable.Type, _ reason: String) {
    #expect {
      _ = try GenerationSchema(of: type)
    } throws: { error in
      "\(error)".contains(reason) && "\(error)".contains("static var schema")
    }
  }
}

extension String {
  /// A value of a text that its type's constraint accepts.
  fileprivate func decoded<Value: Generable>(as type: Value.Type) throws -> Value {
    let constraint = try GenerationSchema(of: type).constraint()
    #expect(try constraint.accepts(self))
    return try GeneratedValue.decode(type, from: self)
  }
}
