// Types that are not made of properties.

import FoundationEssentials
import JSON

/// A type with a schema of its own and a value to hand out.
protocol SchemaLeaf {
  static var leafSchema: JSONValue { get }
  static var leafValue: Self { get }
}

extension String: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "string"] }
  static var leafValue: String { "" }
}

extension Bool: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "boolean"] }
  static var leafValue: Bool { false }
}

extension SchemaLeaf where Self: FixedWidthInteger {
  static var leafSchema: JSONValue {
    var schema: JSONObject = ["type": "integer"]
    // Wider ones hold all numbers of 15 digits.
    if Self.min == 0 || Self.bitWidth < 64 { schema["minimum"] = .integer(Int64(Self.min)) }
    if Self.bitWidth < 64 { schema["maximum"] = .integer(Int64(Self.max)) }
    return .object(schema)
  }
  static var leafValue: Self { 0 }
}

extension Int: SchemaLeaf {}
extension Int8: SchemaLeaf {}
extension Int16: SchemaLeaf {}
extension Int32: SchemaLeaf {}
extension Int64: SchemaLeaf {}
extension UInt: SchemaLeaf {}
extension UInt8: SchemaLeaf {}
extension UInt16: SchemaLeaf {}
extension UInt32: SchemaLeaf {}
extension UInt64: SchemaLeaf {}

extension Double: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "number"] }
  static var leafValue: Double { 0 }
}

extension Float: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "number"] }
  static var leafValue: Float { 0 }
}

extension Date: SchemaLeaf {
  /// Whole seconds of UTC, as decoders of ISO 8601 read them.
  static var leafSchema: JSONValue {
    ["type": "string", "format": "date-time", "pattern": "T[0-9:]{8}Z$"]
  }
  static var leafValue: Date { Date(timeIntervalSince1970: 0) }
}

extension UUID: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "string", "format": "uuid"] }
  static var leafValue: UUID { UUID() }
}

extension URL: SchemaLeaf {
  static var leafSchema: JSONValue { ["type": "string", "format": "uri"] }
  static var leafValue: URL { URL(filePath: "/") }
}

/// A type that holds values of another one, and may hold none.
protocol SchemaCollection {
  static func schema(by builder: SchemaBuilder) throws -> JSONValue
  static var emptyValue: Self { get }
}

extension Array: SchemaCollection where Element: Decodable {
  static func schema(by builder: SchemaBuilder) throws -> JSONValue {
    ["type": "array", "items": try builder.schema(of: Element.self)]
  }
  static var emptyValue: [Element] { [] }
}

extension Set: SchemaCollection where Element: Decodable {
  static func schema(by builder: SchemaBuilder) throws -> JSONValue {
    ["type": "array", "items": try builder.schema(of: Element.self)]
  }
  static var emptyValue: Set<Element> { [] }
}

extension Dictionary: SchemaCollection where Key == String, Value: Decodable {
  static func schema(by builder: SchemaBuilder) throws -> JSONValue {
    ["type": "object", "additionalProperties": try builder.schema(of: Value.self)]
  }
  static var emptyValue: [String: Value] { [:] }
}

extension Optional: SchemaCollection where Wrapped: Decodable {
  static func schema(by builder: SchemaBuilder) throws -> JSONValue {
    ["anyOf": [try builder.schema(of: Wrapped.self), ["type": "null"]]]
  }
  static var emptyValue: Wrapped? { nil }
}
