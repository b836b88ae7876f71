// What is said of a property beside its type.

import JSON

/// A rule for a property's values, or words about it. Rules are enforced; words are read by the
/// model.
public struct GenerationGuide: Sendable {
  /// Keywords of the property's schema.
  let members: JSONObject
  /// Keywords of its elements' schema.
  var isForElements = false

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

  /// A rule for each element of an array.
  public static func element(_ guide: GenerationGuide) -> GenerationGuide {
    var guide = guide
    guide.isForElements = true
    return guide
  }

  /// Adds the rule to a property's schema.
  func apply(to schema: inout JSONValue) {
    guard var object = schema.objectValue else { return }
    if isForElements, var items = object["items"] {
      var guide = self
      guide.isForElements = false
      guide.apply(to: &items)
      object["items"] = items
    } else {
      for (key, value) in members { object[key] = value }
    }
    schema = .object(object)
  }
}
