// The parameters behind the `?` of a request, by name, type and range.

import Hummingbird

/// The query of a request. Lists come as `name=a&name=b`, `name[]=a` or `name=a,b`.
struct QueryFields: Sendable {
  private var values: [String: [String]] = [:]

  init(_ request: Request) {
    for (name, value) in request.uri.queryParameters {
      let name = name.hasSuffix("[]") ? String(name.dropLast(2)) : String(name)
      values[name, default: []].append(String(value))
    }
  }

  /// The last value of a parameter; nil where it is absent or empty.
  func text(_ name: String) -> String? {
    values[name]?.last.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A whole number.
  func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
    guard let text = text(name) else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      throw invalid(
        name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A whole number.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    try integer(name, in: Int64(range.lowerBound)...Int64(range.upperBound)).map { Int($0) }
  }

  /// One of some words.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _: Choice.Type
  ) throws(APIError) -> Choice? where Choice.RawValue == String {
    guard let text = text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw invalid(name, "must be one of \(words)")
    }
    return choice
  }

  /// The elements of a list; nil where it is absent.
  func list(_ name: String) -> [String]? {
    values[name].map { $0.flatMap { $0.split(separator: ",").map(String.init) } }
  }

  /// Refuses parameters that are known elsewhere and mean nothing here.
  func refuseUnsupported(_ names: [String], _ reason: String) throws(APIError) {
    for name in names where values[name] != nil {
      throw .invalid(name, "unsupported_parameter", "'\(name)' is not supported: \(reason).")
    }
  }

  /// A parameter with a wrong value: `rule` ends the sentence that its name begins.
  func invalid(_ name: String, _ rule: String) -> APIError {
    .invalid(name, "invalid_parameter", "'\(name)' \(rule).")
  }
}
