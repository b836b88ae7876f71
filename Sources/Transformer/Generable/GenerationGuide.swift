// What is said of a property beside its type.

import JSON

/// A rule for a property's values, or words about it. Rules are enforced; words are read by the
/// model.
public struct GenerationGuide: Sendable {
  /// Keywords of a schema.
  let members: JSONObject
  /// For whose schema they are: the property's, or that of elements so many levels down.
  private var depth = 0

  private init(_ members: JSONObject) { self.members = members }

  /// What the property means.
  public static func describe(_ text: String) -> GenerationGuide {
    GenerationGuide(["description": .string(text)])
  }

  /// One of these texts.
  public static func anyOf(_ texts: [String]) -> GenerationGuide {
    GenerationGuide(["enum": .array(texts.map { .string($0) })])
  }

  /// A number within bounds.
  public static func range(_ range: ClosedRange<Int>) -> GenerationGuide {
    GenerationGuide([
      "minimum": .integer(Int64(range.lowerBound)), "maximum": .integer(Int64(range.upperBound)),
    ])
  }

  /// A number within bounds.
  public static func range(_ range: ClosedRange<Double>) -> GenerationGuide {
    GenerationGuide(["minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
  }

  /// How many elements an array has.
  public static func count(_ range: ClosedRange<Int>) -> GenerationGuide {
    GenerationGuide([
      "minItems": .integer(Int64(range.lowerBound)), "maxItems": .integer(Int64(range.upperBound)),
    ])
  }

  /// How many elements an array has.
  public static func count(_ count: Int) -> GenerationGuide { .count(count...count) }

  /// How many characters a text has.
  public static func length(_ range: ClosedRange<Int>) -> GenerationGuide {
    GenerationGuide([
      "minLength": .integer(Int64(range.lowerBound)),
      "maxLength": .integer(Int64(range.upperBound)),
    ])
  }

  /// A text in which a regular expression of ECMA-262 is found; `^` and `$` hold its ends.
  public static func pattern(_ expression: String) -> GenerationGuide {
    GenerationGuide(["pattern": .string(expression)])
  }

  /// A text of a format of JSON Schema, such as `email` or `date`.
  public static func format(_ name: String) -> GenerationGuide {
    GenerationGuide(["format": .string(name)])
  }

  /// A rule for each element of an array. An array of arrays takes `.element(.element(…))` for
  /// theirs. Deriving the schema of a type throws where a property has no such elements.
  public static func element(_ guide: GenerationGuide) -> GenerationGuide {
    var guide = guide
    guide.depth += 1
    return guide
  }

  /// Adds the rule to a property's schema; false where that has no elements that it is for.
  func apply(to schema: inout JSONValue) -> Bool { apply(to: &schema, depth: depth) }

  private func apply(to schema: inout JSONValue, depth: Int) -> Bool {
    guard var object = schema.objectValue else { return depth == 0 }
    if depth > 0 {
      guard var items = object["items"], apply(to: &items, depth: depth - 1) else { return false }
      object["items"] = items
    } else {
      for (key, value) in members { object[key] = value }
    }
    schema = .object(object)
    return true
  }
}
