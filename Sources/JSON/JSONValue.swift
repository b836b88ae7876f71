// A JSON document as a value: integers kept exact, object keys kept in order.

/// One JSON value (RFC 8259).
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object in the order they were written. A key stands once; the last
/// value given for it wins.
public struct JSONObject: Sendable, Equatable {
  /// Keys in order.
  public private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  public init() {}

  public var count: Int { keys.count }

  /// The value of `key`; setting nil removes the member.
  public subscript(key: String) -> JSONValue? {
    get { values[key] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: key) == nil { keys.append(key) }
      } else if values.removeValue(forKey: key) != nil {
        keys.removeAll { $0 == key }
      }
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension JSONObject: Sequence {
  public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
    var keys = self.keys.makeIterator()
    return AnyIterator { keys.next().map { ($0, values[$0]!) } }
  }
}
