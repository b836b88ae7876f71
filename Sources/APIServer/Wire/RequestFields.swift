// The members of a JSON object in a request, taken out by name, type and range, so that whatever
// is wrong is refused with the path of the field and what was expected of it.

import JSON

/// One object of a request's body. `null` counts as absent everywhere.
///
/// Every member that is asked for becomes known; `end` refuses the others in strict mode.
struct RequestFields {
  private let object: JSONObject
  /// Whether `end` refuses what nobody asked for, here and within.
  private let isStrict: Bool
  private let place: Place
  /// What was asked for, in strict mode: nobody else looks.
  private var known: [String] = []

  /// Where an object stands in the body, of which a path is made where something is refused.
  private indirect enum Place: Sendable {
    case body
    case member(of: Place, name: String)
    case element(of: Place, name: String, index: Int)

    /// Empty for the body itself, else such as `messages[0]`.
    var path: String {
      switch self {
      case .body: ""
      case .member(let parent, let name): parent.path(of: name)
      case .element(let parent, let name, let index): parent.path(of: "\(name)[\(index)]")
      }
    }

    func path(of name: String) -> String {
      let path = path
      return path.isEmpty ? name : "\(path).\(name)"
    }
  }

  init(_ object: JSONObject, isStrict: Bool = false) {
    self.init(object, .body, isStrict: isStrict)
  }

  private init(_ object: JSONObject, _ place: Place, isStrict: Bool) {
    self.object = object
    self.place = place
    self.isStrict = isStrict
  }

  /// The body of a request: it has to be an object.
  init(body: JSONValue, isStrict: Bool = false) throws(APIError) {
    guard case .object(let object) = body else {
      throw .invalid(
        nil, "invalid_type", "The body must be a JSON object; found \(Self.kind(of: body)).")
    }
    self.init(object, isStrict: isStrict)
  }

  /// The path of a member, as `param` and messages call it.
  func path(of name: String) -> String { place.path(of: name) }

  /// A member of any type, nil where it is absent.
  mutating func value(_ name: String) -> JSONValue? {
    if isStrict { known.append(name) }
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  mutating func string(_ name: String) throws(APIError) -> String? {
    guard let value = value(name) else { return nil }
    guard case .string(let text) = value else { throw mistyped(name, "a string", value) }
    return text
  }

  mutating func bool(_ name: String) throws(APIError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard case .bool(let flag) = value else { throw mistyped(name, "true or false", value) }
    return flag
  }

  /// A whole number; one written with an empty fraction (`16.0`) counts.
  mutating func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(APIError) -> Int? {
    guard let value = value(name) else { return nil }
    func mustBe(atLeast isTooSmall: Bool) -> APIError {
      isTooSmall
        ? invalid(name, "integer_below_min_value", "must be at least \(range.lowerBound)")
        : invalid(name, "integer_above_max_value", "must be at most \(range.upperBound)")
    }
    let number: Int
    switch value {
    case .integer(let exact):
      number = Int(exact)
    case .largeInteger(let digits):
      throw mustBe(atLeast: digits.hasPrefix("-"))
    case .number(let real):
      guard let whole = Int(exactly: real) else {
        // A whole number may be too large to be an integer.
        guard real == real.rounded() else { throw mistyped(name, "a whole number", value) }
        throw mustBe(atLeast: real < 0)
      }
      number = whole
    default:
      throw mistyped(name, "a whole number", value)
    }
    guard range.contains(number) else { throw mustBe(atLeast: number < range.lowerBound) }
    return number
  }

  mutating func number(
    _ name: String, in range: ClosedRange<Double>
  ) throws(APIError) -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.doubleValue else { throw mistyped(name, "a number", value) }
    try APIError.check(number, in: range, path(of: name))
    return number
  }

  mutating func elements(
    _ name: String, atMost limit: Int
  ) throws(APIError) -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard case .array(let elements) = value else { throw mistyped(name, "an array", value) }
    if elements.count > limit {
      throw invalid(
        name, "array_above_max_length",
        "has \(elements.count) elements; at most \(limit) are accepted")
    }
    return elements
  }

  /// A member that is an object itself.
  mutating func fields(_ name: String) throws(APIError) -> RequestFields? {
    guard let value = value(name) else { return nil }
    guard case .object(let object) = value else { throw mistyped(name, "an object", value) }
    return RequestFields(object, .member(of: place, name: name), isStrict: isStrict)
  }

  /// An element of an array member, which has to be an object.
  func fields(_ name: String, _ index: Int, _ element: JSONValue) throws(APIError) -> RequestFields
  {
    guard case .object(let object) = element else {
      throw mistyped("\(name)[\(index)]", "an object", element)
    }
    return RequestFields(
      object, .element(of: place, name: name, index: index), isStrict: isStrict)
  }

  /// The members as they are, for what is passed on whole.
  var members: JSONObject { object }

  /// Takes a member that the server knows and cannot honour, unless it asks for what happens
  /// anyway.
  mutating func refuseUnsupported(
    _ name: String, unless isHarmless: (JSONValue) -> Bool, _ instead: String
  ) throws(APIError) {
    guard let value = value(name), !isHarmless(value) else { return }
    throw .invalid(
      path(of: name), "unsupported_parameter",
      "'\(path(of: name))' is not supported by this server: \(instead).")
  }

  /// Takes members that clients send along and that change nothing here.
  mutating func passOver(_ names: String...) {
    if isStrict { known += names }
  }

  /// Refuses the first member that nobody asked for, in strict mode.
  func end() throws(APIError) {
    guard isStrict else { return }
    for name in object.keys where !known.contains(name) && object[name]?.isNull == false {
      throw .unknownField(name, in: place.path)
    }
  }

  func missing(_ name: String) -> APIError { .missingField(path(of: name)) }

  func mistyped(_ name: String, _ expected: String, _ found: JSONValue) -> APIError {
    .invalid(
      path(of: name), "invalid_type",
      "'\(path(of: name))' must be \(expected); found \(Self.kind(of: found)).")
  }

  /// A member of the right type with a wrong value: `rule` ends the sentence that its path begins.
  func invalid(_ name: String, _ code: String, _ rule: String) -> APIError {
    .invalid(path(of: name), code, "'\(path(of: name))' \(rule).")
  }

  private static func kind(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "a whole number"
    case .largeInteger: "a whole number"
    case .number(let real): real == real.rounded() ? "a whole number" : "a number with a fraction"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
