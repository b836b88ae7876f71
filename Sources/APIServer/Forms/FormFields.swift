// The parts of a form, taken out by name and type, so that whatever is wrong is refused with the name
// of the field and what was expected of it.

/// The fields of a form. A text that is empty counts as absent, as many programs send those that
/// nobody filled in. A name may have `[]` behind it.
///
/// Every field that is asked for becomes known; `end` refuses the others in strict mode.
struct FormFields {
  /// Bytes of a field that is text, at most.
  private static let textLimit = 1 << 16

  private let parts: [MultipartForm.Part]
  /// Whether `end` refuses what nobody asked for.
  private let isStrict: Bool
  private var known: Set<String> = []

  init(_ form: MultipartForm, isStrict: Bool) {
    parts = form.parts
    self.isStrict = isStrict
  }

  /// The bytes of a field, nil where it is absent.
  mutating func bytes(_ name: String) throws(APIError) -> ArraySlice<UInt8>? {
    known.insert(name)
    let found = parts.filter { $0.name == name || $0.name == name + "[]" }
    guard found.count <= 1 else {
      throw .invalid(name, "duplicate_parameter", "'\(name)' must stand in the form once.")
    }
    return found.first?.content
  }

  mutating func text(_ name: String) throws(APIError) -> String? {
    guard let bytes = try bytes(name) else { return nil }
    return try Self.text(name, bytes)
  }

  /// A field that may stand in the form more than once.
  mutating func texts(_ name: String) throws(APIError) -> [String] {
    known.insert(name)
    var texts: [String] = []
    for part in parts where part.name == name || part.name == name + "[]" {
      if let text = try Self.text(name, part.content) { texts.append(text) }
    }
    return texts
  }

  mutating func number(
    _ name: String, in range: ClosedRange<Double>
  ) throws(APIError) -> Double? {
    guard let text = try text(name) else { return nil }
    guard let number = Double(text), number.isFinite else {
      throw .invalid(name, "invalid_type", "'\(name)' must be a number.")
    }
    try APIError.check(number, in: range, name)
    return number
  }

  mutating func flag(_ name: String) throws(APIError) -> Bool? {
    guard let text = try text(name) else { return nil }
    switch text.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw .invalid(name, "invalid_type", "'\(name)' must be true or false.")
    }
  }

  /// One of some words.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) throws(APIError) -> Choice? {
    guard let text = try text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw .invalid(name, "invalid_value", "'\(name)' must be one of \(words).")
    }
    return choice
  }

  /// Whether there is a field whose name begins so.
  func has(prefix: String) -> Bool { parts.contains { $0.name.hasPrefix(prefix) } }

  func missing(_ name: String) -> APIError { .missingField(name) }

  /// Refuses the first field that nobody asked for, in strict mode.
  func end() throws(APIError) {
    guard isStrict else { return }
    for part in parts {
      let name = part.name.hasSuffix("[]") ? String(part.name.dropLast(2)) : part.name
      guard known.contains(name) else { throw .unknownField(name, in: "") }
    }
  }

  private static func text(
    _ name: String, _ bytes: ArraySlice<UInt8>
  ) throws(APIError) -> String? {
    guard bytes.count <= textLimit else {
      throw .invalid(
        name, "string_above_max_length", "'\(name)' must have at most \(textLimit) bytes.")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalid(name, "invalid_type", "'\(name)' must be text in UTF-8.")
    }
    return text.isEmpty ? nil : text
  }
}
