// A header's value with parameters, as `form-data; name="file"; filename="a b.wav"` (RFC 2045, 5.1).

/// Such a value, taken apart.
struct HeaderParameters {
  /// What stands before the parameters, in small letters.
  let value: String
  /// By name in small letters; bytes, for nobody says in which code the name of a file comes.
  private(set) var parameters: [String: [UInt8]] = [:]

  /// Nil where it is malformed or has a parameter twice.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    guard
      let value = Self.text(rest.prefix { $0 != UInt8(ascii: ";") }), !value.isEmpty
    else { return nil }
    self.value = value.lowercased()
    rest = rest.drop { $0 != UInt8(ascii: ";") }
    while rest.popFirst() != nil {
      rest = rest.drop(while: \.isSpace)
      if rest.isEmpty { break }
      guard let name = Self.text(rest.prefix { $0 != UInt8(ascii: "=") })?.lowercased(),
        !name.isEmpty, !name.contains(where: { $0 == ";" || $0 == "\"" || $0.isWhitespace })
      else { return nil }
      rest = rest.drop { $0 != UInt8(ascii: "=") }
      guard rest.popFirst() != nil else { return nil }
      rest = rest.drop(while: \.isSpace)
      let found =
        rest.first == UInt8(ascii: "\"") ? Self.quoted(&rest) : Self.token(&rest)
      guard let found, parameters.updateValue(found, forKey: name) == nil else { return nil }
      rest = rest.drop(while: \.isSpace)
      guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
    }
  }

  /// The text of a parameter; nil where there is none, or it is no UTF-8.
  func text(_ name: String) -> String? {
    parameters[name].flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// A text in quotes, in which a backslash stands before a quote or a backslash that is meant.
  private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    rest.removeFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return bytes
      case UInt8(ascii: "\\"):
        // The paths of files of some programs have lone ones.
        if let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
          bytes.append(next)
          rest.removeFirst()
        } else {
          bytes.append(byte)
        }
      default:
        bytes.append(byte)
      }
    }
    return nil
  }

  private static func token(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    let bytes = rest.prefix { $0 != UInt8(ascii: ";") && !$0.isSpace }
    rest = rest.dropFirst(bytes.count)
    guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "\"")) else { return nil }
    return Array(bytes)
  }

  /// Without white space around it.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
    var bytes = bytes.drop(while: \.isSpace)
    while bytes.last?.isSpace == true { bytes.removeLast() }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  /// Whether it may stand between the words of a header.
  var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
