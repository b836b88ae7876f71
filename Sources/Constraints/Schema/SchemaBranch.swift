// What values may be, as a list of conditions that all hold: one way to satisfy some schemas.

import JSON

/// A schema, or what does not satisfy it.
struct SchemaLiteral: Hashable, Comparable {
  let node: Int
  let isPositive: Bool

  static func < (a: Self, b: Self) -> Bool {
    (a.node, a.isPositive ? 0 : 1) < (b.node, b.isPositive ? 0 : 1)
  }

  var negated: SchemaLiteral { SchemaLiteral(node: node, isPositive: !isPositive) }
}

/// Kinds of JSON values; numbers are those without a fraction and those with one.
struct ValueTypes: OptionSet, Hashable {
  let rawValue: UInt8
  static let null = Self(rawValue: 1)
  static let falsehood = Self(rawValue: 2)
  static let truth = Self(rawValue: 4)
  static let integer = Self(rawValue: 8)
  static let fraction = Self(rawValue: 16)
  static let string = Self(rawValue: 32)
  static let array = Self(rawValue: 64)
  static let object = Self(rawValue: 128)
  static let number: Self = [.integer, .fraction]
  static let all = Self(rawValue: 255)

  /// Those of a name that `type` may have.
  static func named(_ name: String) -> ValueTypes? {
    switch name {
    case "null": .null
    case "boolean": [.truth, .falsehood]
    case "integer": .integer
    case "number": .number
    case "string": .string
    case "array": .array
    case "object": .object
    default: nil
    }
  }

  /// That of a value.
  static func of(_ value: JSONValue) -> ValueTypes {
    switch value {
    case .null: .null
    case .bool(let value): value ? .truth : .falsehood
    case .integer, .largeInteger: .integer
    case .number: DecimalText(value)?.fraction.isEmpty ?? true ? .integer : .fraction
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }
}

/// A place of a keyword, for what is said about it.
struct KeywordPlace: Hashable {
  let node: Int
  let keyword: String
}

/// Conditions that all hold. Those for a type say nothing of other types.
struct SchemaBranch: Equatable {
  struct Bound: Equatable {
    let value: DecimalText
    let isExclusive: Bool
  }

  struct Pattern: Equatable {
    let source: String
    let isPositive: Bool
    let place: KeywordPlace
  }

  /// `items`: a schema for the elements from an index on.
  struct Items: Equatable {
    let start: Int
    let literal: SchemaLiteral
  }

  struct Contains: Equatable {
    let literal: SchemaLiteral
    let least: Int
    let most: Int?
    let place: KeywordPlace
  }

  /// A schema for properties that are not in some lists.
  struct Additional: Equatable {
    let names: Set<String>
    let patterns: [String]
    let literal: SchemaLiteral
  }

  struct PatternProperties: Equatable {
    let pattern: String
    let literal: SchemaLiteral
    let place: KeywordPlace
  }

  var types = ValueTypes.all
  var values: [JSONValue]?
  var excluded: [JSONValue] = []

  var lower: [Bound] = []
  var upper: [Bound] = []
  var multiples: [(factor: DecimalText, isPositive: Bool, place: KeywordPlace)] = []

  var minLength = 0
  var maxLength: Int?
  var patterns: [Pattern] = []
  var formats: [Pattern] = []

  var prefixes: [[Int: SchemaLiteral]] = []
  var items: [Items] = []
  var minItems = 0
  var maxItems: Int?
  var contains: [Contains] = []
  var unique: KeywordPlace?

  /// In order.
  var names: [String] = []
  var properties: [String: [SchemaLiteral]] = [:]
  var patternProperties: [PatternProperties] = []
  var additional: [Additional] = []
  var propertyNames: [SchemaLiteral] = []
  var required = DistinctList<String>()
  var forbidden: Set<String> = []
  var minProperties = 0
  var maxProperties: Int?
  var minPropertiesPlace: KeywordPlace?

  var isImpossible: Bool {
    types.isEmpty || values?.isEmpty == true
  }

  /// Conditions that it consists of, about: what a copy costs.
  var size: Int {
    4 * names.count + required.count + forbidden.count + excluded.count + patternProperties.count
      + additional.count + items.count + prefixes.count + contains.count + patterns.count
      + multiples.count + lower.count + upper.count
  }

  /// Whether only types and a list of values say what it is.
  var isListOfValues: Bool {
    var plain = SchemaBranch()
    plain.types = types
    plain.values = values
    return plain == self
  }

  mutating func addName(_ name: String) {
    if properties[name] == nil {
      names.append(name)
      properties[name] = []
    }
  }

  static func == (a: SchemaBranch, b: SchemaBranch) -> Bool {
    a.types == b.types && a.values == b.values && a.excluded == b.excluded && a.lower == b.lower
      && a.upper == b.upper && a.minLength == b.minLength && a.maxLength == b.maxLength
      && a.multiples.elementsEqual(b.multiples, by: ==) && a.patterns == b.patterns
      && a.formats == b.formats && a.prefixes == b.prefixes && a.items == b.items
      && a.minItems == b.minItems && a.maxItems == b.maxItems && a.contains == b.contains
      && a.unique == b.unique && a.properties == b.properties && a.names == b.names
      && a.patternProperties == b.patternProperties && a.additional == b.additional
      && a.propertyNames == b.propertyNames && a.required == b.required
      && a.forbidden == b.forbidden && a.minProperties == b.minProperties
      && a.maxProperties == b.maxProperties
  }
}
