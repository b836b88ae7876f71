// The decoder that notes what a type asks for.

import JSON

/// What was asked for at one place.
final class SchemaRecord {
  private enum Content {
    case nothing
    case value(JSONValue)
    case object
  }

  private var content = Content.nothing
  private var properties: [(name: String, record: SchemaRecord)] = []
  private var required: [JSONValue] = []
  /// Whether the type looked for the keys that there are.
  private(set) var looksForKeys = false

  /// The schema of the place.
  var json: JSONValue {
    switch content {
    case .nothing: return ["type": "object", "properties": [:], "additionalProperties": false]
    case .value(let schema): return schema
    case .object:
      var members: JSONObject = [:]
      for (name, record) in properties { members[name] = record.json }
      return [
        "type": "object", "properties": .object(members), "required": .array(required),
        "additionalProperties": false,
      ]
    }
  }

  func note(_ schema: JSONValue) { content = .value(schema) }

  func noteObject() { content = .object }

  func noteSearch() { looksForKeys = true }

  /// The place of a property.
  func property(_ name: String, isRequired: Bool) -> SchemaRecord {
    if let known = properties.first(where: { $0.name == name }) { return known.record }
    let record = SchemaRecord()
    properties.append((name, record))
    if isRequired { required.append(.string(name)) }
    return record
  }
}

/// Hands out placeholders and notes their types.
struct ProbeDecoder: Decoder {
  let builder: SchemaBuilder
  let record: SchemaRecord
  let type: any Decodable.Type
  var codingPath: [any CodingKey] = []
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedDecodingContainer<Key> {
    record.noteObject()
    return KeyedDecodingContainer(ProbeKeys<Key>(decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw GenerableError(type, "it decodes a list of its own making")
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { ProbeValue(decoder: self) }

  /// A placeholder for what is asked for at `record`.
  func value<Value: Decodable>(_ wanted: Value.Type, at record: SchemaRecord) throws -> Value {
    record.note(try builder.schema(of: wanted))
    return try builder.placeholder(wanted)
  }
}

/// The properties of a type.
private struct ProbeKeys<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ProbeDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }
  /// Unknown: a type that looks for its keys cannot be derived.
  var allKeys: [Key] {
    decoder.record.noteSearch()
    return []
  }

  /// Who asks can do without the property.
  func contains(_ key: Key) -> Bool {
    _ = decoder.record.property(key.stringValue, isRequired: false)
    return true
  }

  func decodeNil(forKey key: Key) -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder.value(type, at: decoder.record.property(key.stringValue, isRequired: true))
  }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    // No placeholder, so that types can refer to themselves here.
    let record = decoder.record.property(key.stringValue, isRequired: false)
    record.note(try decoder.builder.schema(of: type))
    return nil
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) -> KeyedDecodingContainer<NestedKey> {
    nested(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try nested(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    throw GenerableError(decoder.type, "it inherits from another type")
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }

  private func nested(_ key: Key) -> ProbeDecoder {
    var nested = ProbeDecoder(
      builder: decoder.builder,
      record: decoder.record.property(key.stringValue, isRequired: true), type: decoder.type)
    nested.codingPath = decoder.codingPath + [key]
    return nested
  }
}

/// A type that is decoded as another one.
private struct ProbeValue: SingleValueDecodingContainer {
  let decoder: ProbeDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try decoder.value(type, at: decoder.record)
  }
}
