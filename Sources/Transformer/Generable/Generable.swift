// Types whose values a model can write.

public import Constraints
import JSON

/// A type whose values a model can be asked for. Its properties tell what the model may write, as
/// its `Decodable` reads them; nothing more has to be said:
///
/// ```swift
/// struct Bird: Generable {
///   var name: String
///   var wingspan: Int?
///   static let guides: Guides = ["wingspan": [.describe("in centimetres"), .range(10...400)]]
/// }
/// ```
///
/// Strings, numbers, `Bool`, `Date` (ISO 8601), `URL`, `UUID`, enumerations that are `CaseIterable` and
/// raw-representable, arrays, sets, optionals, dictionaries with `String` keys, and types made of
/// these can be derived. Optional properties may be left out. Others, such as enumerations with
/// associated values, say their `schema` themselves.
public protocol Generable: Codable, Sendable {
  /// The schema, where it is not to be derived from the properties; nil derives it.
  static var schema: GenerationSchema? { get throws }
  /// More about properties, by their coding keys.
  static var guides: Guides { get }
}

extension Generable {
  public static var schema: GenerationSchema? { nil }
  public static var guides: Guides { [:] }
}

/// What is said of each property.
public typealias Guides = [String: [GenerationGuide]]

extension String: Generable {}
extension Bool: Generable {}
extension Int: Generable {}
extension Double: Generable {}
extension Float: Generable {}
extension Array: Generable where Element: Generable {}

/// A JSON Schema for values of a type.
public struct GenerationSchema: Sendable {
  let json: JSONValue

  init(_ json: JSONValue) { self.json = json }

  /// A schema of draft 2020-12, written in JSON.
  ///
  /// - Throws: `ConstraintError` where it is no JSON. What cannot be enforced is refused when an
  ///   answer is asked for.
  public init(json text: String) throws(ConstraintError) {
    json = try Constraint.parse(text, ConstraintLimits())
  }

  /// The schema of a type: its own, or the one that its properties tell.
  ///
  /// - Throws: `GenerableError` where the properties tell none.
  public init(of type: (some Generable).Type) throws {
    json = try SchemaBuilder().root(of: type)
  }

  /// The schema in JSON.
  public var text: String { json.serialized() }

  /// The compiled schema. Numbers have at most 15 digits on each side of the point, so that every
  /// type can hold them.
  package func constraint() throws(ConstraintError) -> Constraint {
    try .schema(json, options: Self.options)
  }

  static let options: SchemaOptions = {
    var options = SchemaOptions()
    options.digitCount = 15
    return options
  }()
}

/// A type whose schema cannot be derived. The description is one line.
public struct GenerableError: Error, CustomStringConvertible {
  public let description: String

  init(_ type: Any.Type, _ reason: String) {
    description =
      "\(type): \(reason); give it a schema of its own (static var schema) or change the property"
  }
}
