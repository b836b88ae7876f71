// What is said of fields that cannot be taken, in JSON and in forms alike.

extension APIError {
  /// - Parameter path: of the field.
  static func missingField(_ path: String) -> APIError {
    .invalid(path, "missing_required_parameter", "Missing required parameter: '\(path)'.")
  }

  /// - Parameters:
  ///   - name: as it was sent; it is checked before it is repeated.
  ///   - parent: the path of what it stands in, empty for the body.
  static func unknownField(_ name: String, in parent: String) -> APIError {
    let isPlain = name.utf8.count <= 64 && name.allSatisfy(\.isFieldCharacter)
    guard isPlain else {
      return .invalid(
        parent.isEmpty ? nil : parent, "unknown_parameter",
        "A field's name is not one this server knows, and it runs in strict mode.")
    }
    let path = parent.isEmpty ? name : "\(parent).\(name)"
    return .invalid(
      path, "unknown_parameter",
      "Unknown parameter: '\(path)'. This server runs in strict mode; leave the field out.")
  }

  /// - Parameter path: of the number, joined only where it is refused.
  static func check(
    _ number: Double, in range: ClosedRange<Double>, _ path: @autoclosure () -> String
  ) throws(APIError) {
    if number < range.lowerBound {
      throw .invalid(
        path(), "decimal_below_min_value", "'\(path())' must be at least \(range.lowerBound).")
    }
    if number > range.upperBound {
      throw .invalid(
        path(), "decimal_above_max_value", "'\(path())' must be at most \(range.upperBound).")
    }
  }
}

extension Character {
  /// Whether a field's name with this character may be repeated in a message.
  fileprivate var isFieldCharacter: Bool { isASCII && (isLetter || isNumber || self == "_") }
}
