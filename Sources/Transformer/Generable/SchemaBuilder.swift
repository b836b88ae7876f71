// From a type to its schema: the type's own `init(from:)` is run with a decoder that hands out
// placeholders and notes what it is asked for.
//
// A macro would read the properties from the source instead. It needs swift-syntax, which takes
// minutes to build for everybody who uses the package, and sees no coding keys of other modules.

import Constraints
import JSON

/// Builds the schema of one type and of those that it is made of.
final class SchemaBuilder {
  /// Types that are being read, outermost first.
  private var open: [ObjectIdentifier] = []
  /// Types that refer to themselves, with the names of their definitions.
  private var names: [ObjectIdentifier: String] = [:]
  /// Whose the names are that were given.
  private var owners: [String: ObjectIdentifier] = [:]
  private var definitions: JSONObject = [:]
  private var known: [ObjectIdentifier: JSONValue] = [:]

  /// Nesting of types.
  private static let mostDepth = 64

  func root(of type: any Decodable.Type) throws -> JSONValue {
    let schema = try schema(of: type)
    guard !definitions.isEmpty, var object = schema.objectValue else { return schema }
    object["$defs"] = .object(definitions)
    return .object(object)
  }

  /// The schema of a type's values.
  func schema(of type: any Decodable.Type) throws -> JSONValue {
    let id = ObjectIdentifier(type)
    if let known = known[id] { return known }
    if open.contains(id) {
      let name = names[id] ?? name(of: type)
      names[id] = name
      return ["$ref": .string("#/$defs/\(name)")]
    }
    guard open.count < Self.mostDepth else {
      throw GenerableError(type, "types are nested deeper than \(Self.mostDepth)")
    }
    open.append(id)
    defer { open.removeLast() }
    var schema = try ownSchema(of: type)
    if let name = names[id] {
      definitions[name] = schema
      schema = ["$ref": .string("#/$defs/\(name)")]
    }
    known[id] = schema
    return schema
  }

  /// A value of the type, whichever.
  func placeholder<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let kind = type as? any SchemaLeaf.Type, let value = kind.leafValue as? Value {
      return value
    }
    if let kind = type as? any CaseIterable.Type, let value = Self.firstCase(kind) as? Value {
      return value
    }
    if let kind = type as? any SchemaCollection.Type, let value = kind.emptyValue as? Value {
      return value
    }
    if open.contains(ObjectIdentifier(type)) {
      throw GenerableError(type, "a value would contain another one without end")
    }
    if (try (type as? any Generable.Type)?.schema) == nil {
      return try read(type).value
    }
    // A schema of its own: the shortest value that satisfies it.
    let schema = try SchemaBuilder().root(of: type)
    let text = try GenerationSchema(schema).constraint().shortestText()
    return try GeneratedValue.decode(type, from: text)
  }

  private func ownSchema(of type: any Decodable.Type) throws -> JSONValue {
    if let own = try (type as? any Generable.Type)?.schema {
      // Its references start at itself.
      guard var object = own.json.objectValue, object["$id"] == nil, own.text.contains("\"$ref\"")
      else { return own.json }
      object["$id"] = .string("type:/\(name(of: type))")
      return .object(object)
    }
    if let leaf = type as? any SchemaLeaf.Type { return leaf.leafSchema }
    if let kind = type as? any CaseIterable.Type {
      guard let values = Self.rawValues(kind) else {
        throw GenerableError(type, "its cases have no texts or integers as raw values")
      }
      return ["enum": .array(values)]
    }
    if let kind = type as? any SchemaCollection.Type { return try kind.schema(by: self) }
    return try read(type).schema
  }

  /// What the type's own decoding asks for.
  private func read<Value: Decodable>(
    _ type: Value.Type
  ) throws -> (schema: JSONValue, value: Value) {
    let record = SchemaRecord()
    let value: Value
    do {
      value = try Value(from: ProbeDecoder(builder: self, record: record, type: type))
    } catch let error as GenerableError {
      throw error
    } catch {
      throw GenerableError(
        type, "its decoding refuses placeholders, as enumerations with associated values do")
    }
    if record.looksForKeys {
      throw GenerableError(
        type, "it looks for its keys, as dictionaries do whose keys are no texts")
    }
    var schema = record.json
    try guide(&schema, of: type)
    return (schema, value)
  }

  private func guide(_ schema: inout JSONValue, of type: any Decodable.Type) throws {
    guard let guides = (type as? any Generable.Type)?.guides, !guides.isEmpty else { return }
    guard var object = schema.objectValue, var properties = object["properties"]?.objectValue
    else { throw GenerableError(type, "it has guides but no properties") }
    for (name, rules) in guides.sorted(by: { $0.key < $1.key }) {
      guard var property = properties[name] else {
        throw GenerableError(type, "there is a guide for '\(name)', which is no property")
      }
      for rule in rules {
        guard rule.apply(to: &property) else {
          throw GenerableError(type, "a guide for elements of '\(name)' finds no array")
        }
      }
      properties[name] = property
    }
    object["properties"] = .object(properties)
    schema = .object(object)
  }

  /// A type's name as part of a reference: no other type's, though it may be called the same.
  private func name(of type: any Decodable.Type) -> String {
    let id = ObjectIdentifier(type)
    let letters = "\(type)".filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    var name = letters.isEmpty ? "Type" : letters
    if let owner = owners[name], owner != id { name += "-\(owners.count)" }
    owners[name] = id
    return name
  }

  private static func firstCase<Kind: CaseIterable>(_: Kind.Type) -> Any? { Kind.allCases.first }

  private static func rawValues<Kind: CaseIterable>(_: Kind.Type) -> [JSONValue]? {
    let values = Kind.allCases.map { value -> JSONValue? in
      guard let raw = (value as? any RawRepresentable)?.rawValue else { return nil }
      if let text = raw as? String { return .string(text) }
      return (raw as? any BinaryInteger).flatMap { Int64(exactly: $0) }.map { .integer($0) }
    }
    let known = values.compactMap(\.self)
    return known.isEmpty || known.count < values.count ? nil : known
  }
}
