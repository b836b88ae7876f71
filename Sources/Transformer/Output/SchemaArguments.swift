// What a function's schema tells of its arguments, for ways of writing calls that spell each argument
// by its type.

import JSON

/// The arguments that a schema of an object declares, in its order.
struct SchemaArguments {
  struct Argument {
    let name: String
    let isRequired: Bool
    let types: ArgumentTypes
    /// A schema that stands alone: what it refers to is in it.
    let schema: JSONValue
    /// The texts that it may be, where they are listed.
    let texts: [String]?
  }

  private(set) var declared: [Argument] = []
  /// Whether arguments may come that are not declared.
  let allowsOthers: Bool

  init(_ schema: JSONValue) {
    allowsOthers = Self.allowsOthers(schema)
    let properties = schema["properties"]?.objectValue ?? [:]
    let definitions = Self.definitions(of: schema, for: properties)
    let (names, required) = Self.names(of: schema)
    for name in names {
      let own = properties[name] ?? .bool(true)
      declared.append(
        Argument(
          name: name, isRequired: required.contains(name),
          types: ArgumentTypes(of: own, in: schema), schema: Self.alone(own, definitions),
          texts: own["enum"]?.arrayValue?.compactMap(\.stringValue)
            ?? own["const"]?.stringValue.map { [$0] }))
    }
  }

  /// The names that a schema of an object declares, and those of them that must be there, which come
  /// last where nothing else is said of them.
  static func names(of schema: JSONValue) -> (all: [String], required: Set<String>) {
    let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
    let properties = schema["properties"]?.objectValue ?? [:]
    return (properties.keys + required.sorted().filter { properties[$0] == nil }, required)
  }

  /// Whether members may come that a schema of an object does not declare.
  static func allowsOthers(_ schema: JSONValue) -> Bool {
    schema["additionalProperties"] != .bool(false)
  }

  /// Definitions that are carried along have so many values in all; beyond them a reference leads to
  /// nowhere, and the schema is one that cannot be held to.
  private static let mostCarried = 20_000

  /// What properties may refer to; empty where it is too much to be carried by each.
  private static func definitions(
    of schema: JSONValue, for properties: JSONObject
  ) -> JSONObject {
    var definitions: JSONObject = [:]
    var size = 0
    for name in ["$defs", "definitions"] {
      guard let found = schema[name] else { continue }
      definitions[name] = found
      size += found.valueCount
    }
    let users = properties.count { $0.value.hasReferences }
    return size * users <= mostCarried ? definitions : [:]
  }

  /// A schema with the definitions that it refers to.
  private static func alone(_ schema: JSONValue, _ definitions: JSONObject) -> JSONValue {
    guard var members = schema.objectValue, schema.hasReferences else { return schema }
    for (name, value) in definitions where members[name] == nil { members[name] = value }
    return .object(members)
  }
}

/// The JSON types that a value may have.
struct ArgumentTypes: Sendable {
  /// Nil for any.
  private let names: Set<String>?

  /// References and choices deeper than these are not followed, and no more of them in all.
  private static let mostDepth = 8
  private static let mostSteps = 64

  /// The types of an argument by its function's schema.
  init(ofArgument name: String, in root: JSONValue) {
    self.init(of: root["properties"]?[name] ?? .bool(true), in: root)
  }

  init(of schema: JSONValue, in root: JSONValue) {
    var steps = Self.mostSteps
    names = Self.names(schema, root, Self.mostDepth, &steps)
  }

  /// Whether every value is text.
  var areText: Bool { names == ["string"] }

  var mayBeText: Bool { names?.contains("string") ?? true }

  private static func names(
    _ schema: JSONValue, _ root: JSONValue, _ depth: Int, _ steps: inout Int
  ) -> Set<String>? {
    steps -= 1
    guard steps >= 0 else { return nil }
    if let reference = schema["$ref"]?.stringValue {
      guard depth > 0, let target = Self.target(of: reference, in: root) else { return nil }
      return names(target, root, depth - 1, &steps)
    }
    if let type = schema["type"]?.stringValue { return [type] }
    if let types = schema["type"]?.arrayValue { return Set(types.compactMap(\.stringValue)) }
    if let values = schema["enum"]?.arrayValue { return Set(values.map(\.typeName)) }
    if let value = schema["const"] { return [value.typeName] }
    guard depth > 0, let choices = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue else {
      return nil
    }
    var all: Set<String> = []
    for choice in choices {
      guard let some = names(choice, root, depth - 1, &steps) else { return nil }
      all.formUnion(some)
    }
    return all
  }

  /// What a reference within a schema (`#/$defs/name`) points to.
  static func target(of reference: String, in root: JSONValue) -> JSONValue? {
    guard reference.hasPrefix("#") else { return nil }
    var value: JSONValue? = root
    for part in reference.dropFirst().split(separator: "/") {
      let name = part.replacing("~1", with: "/").replacing("~0", with: "~")
      value = value?[String(name)]
    }
    return value
  }

  /// The JSON of a value that a model wrote as plain text: what it says by its types, and text where
  /// it says nothing else.
  func json(_ text: String) -> String {
    let plain = String(text.trimmingJSONSpace)
    if !areText, let value = Self.value(of: plain), allows(value) { return value.serialized() }
    return JSONValue.string(text).serialized()
  }

  /// Some templates write values as Python does.
  private static func value(of text: String) -> JSONValue? {
    switch text {
    case "True": .bool(true)
    case "False": .bool(false)
    case "None": .null
    default: try? JSONValue.parse(text, limits: JSONLimits(depth: 64))
    }
  }

  private func allows(_ value: JSONValue) -> Bool {
    guard let names else { return true }
    let name = value.typeName
    // A quoted text where text may stand is that text, with its quotes.
    return name != "string"
      && (names.contains(name) || name == "integer" && names.contains("number"))
  }
}

extension JSONValue {
  /// How many values it is made of.
  fileprivate var valueCount: Int {
    switch self {
    case .array(let elements): elements.reduce(1) { $0 + $1.valueCount }
    case .object(let members): members.reduce(1) { $0 + $1.value.valueCount }
    default: 1
    }
  }

  /// Whether it refers to other schemas.
  fileprivate var hasReferences: Bool {
    switch self {
    case .array(let elements): elements.contains { $0.hasReferences }
    case .object(let members):
      members["$ref"] != nil || members.contains { $0.value.hasReferences }
    default: false
    }
  }

  /// What JSON Schema calls its type.
  fileprivate var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .largeInteger: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

extension StringProtocol {
  /// Without JSON's white space around it.
  var trimmingJSONSpace: SubSequence {
    let isSpace: (Character) -> Bool = { $0.utf8.count <= 2 && $0.utf8.allSatisfy(\.isJSONSpace) }
    guard let last = lastIndex(where: { !isSpace($0) }) else { return self[endIndex...] }
    return self[...last].drop(while: isSpace)
  }
}
