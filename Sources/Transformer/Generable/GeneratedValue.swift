// From the text that a model wrote to a value, and from a value to text for the model.

import Constraints
import FoundationEssentials
import JSON

package enum GeneratedValue {
  package static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws
    -> Value
  {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try decoder.decode(type, from: Data(text.utf8))
  }

  /// A text as it is, anything else in JSON.
  package static func text(of value: some Encodable) throws -> String {
    if let text = value as? String { return text }
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

extension Constraint {
  /// The first of the shortest texts that satisfy it.
  func shortestText() throws(ConstraintError) -> String {
    var matcher = matcher
    return String(decoding: try matcher.shortest(from: matcher.start), as: UTF8.self)
  }
}
