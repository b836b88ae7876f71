// What the module calls things by: row numbers, and one kind of short name that is checked for length.

/// The row number of an account; 0 stands for "nobody's": a request on loopback without any key.
package struct AccountID: Hashable, Sendable {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
  /// The account of requests that carry no key.
  package static let local = AccountID(rawValue: 0)
}

/// The row number of an API key; 0 stands for a request on loopback without any key.
package struct KeyID: Hashable, Sendable {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
  /// The key of requests that carry none.
  package static let local = KeyID(rawValue: 0)
}

/// The row number of a served model.
package struct ModelID: Hashable, Sendable {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// A name that an operator gave to something: 1 to 64 bytes of UTF-8 without control characters.
///
/// It is the only text that the module stores, and nothing in a request's body can become one.
package struct ShortName: Hashable, Sendable, CustomStringConvertible {
  /// The longest name, in bytes.
  package static let byteLimit = 64

  /// The name itself.
  package let text: String

  /// The name, or nil where it is empty, too long or has control characters.
  package init?(_ text: String) {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
    }
    guard (1...Self.byteLimit).contains(text.utf8.count), isPlain else { return nil }
    self.text = text
  }

  package var description: String { text }
}

extension String {
  /// Whether it is one line of so many characters, as SQLite counts them, and none of them a control
  /// character.
  func isOneLine(of length: ClosedRange<Int>) -> Bool {
    length.contains(unicodeScalars.count)
      && unicodeScalars.allSatisfy {
        ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
      }
  }
}
