// The text of an API key: `<brand>_<live|test>_<8 base62>_<43 base62><6 base62>`, where the brand is the
// operator's choice. Keys of the administration begin with `apus_admin_`, so that neither can pass for the
// other.
//
// The first part is a public name that the table of keys is searched by, the second is 256 random
// bits, the last is a CRC-32 of all before it. A fixed prefix and a checksum let scanners of leaked
// secrets find keys without false alarms.

/// What stands before the parts of a key: whose it is, and whether of a service that is tried out only.
package struct KeyBrand: Hashable, Sendable, CustomStringConvertible {
  /// The longest brand, in characters.
  package static let lengthLimit = 16
  /// What keys are made with where nobody chose another.
  package static let standard = KeyBrand(checked: "apus", isTest: false)

  /// The operator's part: small letters, digits and hyphens behind a first letter.
  package let text: String
  /// Whether keys say `test` instead of `live`.
  package let isTest: Bool

  /// A brand; nil for text that is none.
  package init?(_ text: String, isTest: Bool = false) {
    guard Self.isBrand(Array(text.utf8)[...]) else { return nil }
    self.init(checked: text, isTest: isTest)
  }

  private init(checked text: String, isTest: Bool) {
    self.text = text
    self.isTest = isTest
  }

  /// What keys begin with, such as `apus_live_`.
  package var description: String { text + (isTest ? "_test_" : "_live_") }

  static func isBrand(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, (97...122).contains(first), bytes.count <= lengthLimit else {
      return false
    }
    return bytes.allSatisfy {
      (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-")
    }
  }
}

/// An API key as its owner holds it. It exists in memory only: at rest there is its HMAC.
package struct APIKey: Sendable {
  /// What a key opens.
  package enum Kind: Sendable {
    /// The public API. Keys of every brand are read, so that those made before a change go on.
    case live
    /// The administration's listener.
    case admin
  }

  private static let adminHead = "apus_admin_"

  /// The public name: 8 characters.
  package let publicName: KeyName
  /// The whole key in ASCII.
  let bytes: [UInt8]

  private static let nameLength = 8
  private static let secretLength = 43
  private static let checksumLength = 6
  /// All behind the head.
  private static let tailLength = nameLength + 1 + secretLength + checksumLength

  /// The key that some text spells, nil where shape or checksum is wrong.
  package init?(_ text: String, kind: Kind = .live) {
    self.init(bytes: Array(text.utf8), kind)
  }

  /// A new key out of 38 random bytes (6 for the name, 32 for the secret); nil for another number.
  package init?(randomBytes: [UInt8], brand: KeyBrand = .standard) {
    self.init(randomBytes: randomBytes, head: brand.description, .live)
  }

  /// A new key of the administration out of 38 random bytes; nil for another number.
  package static func admin(randomBytes: [UInt8]) -> APIKey? {
    APIKey(randomBytes: randomBytes, head: adminHead, .admin)
  }

  private init?(randomBytes: [UInt8], head: String, _ kind: Kind) {
    guard randomBytes.count == 38 else { return nil }
    let body =
      Array(head.utf8) + Base62.digits(randomBytes[..<6], width: Self.nameLength)
      + [UInt8(ascii: "_")] + Base62.digits(randomBytes[6...], width: Self.secretLength)
    self.init(bytes: body + Self.checksum(body[...]), kind)
  }

  private init?(bytes: [UInt8], _ kind: Kind) {
    let nameStart = bytes.count - Self.tailLength
    guard nameStart > 0, Self.isHead(bytes[..<nameStart], of: kind) else { return nil }
    let nameEnd = nameStart + Self.nameLength
    let checksumStart = nameEnd + 1 + Self.secretLength
    guard bytes[nameEnd] == UInt8(ascii: "_"), Base62.isValid(bytes[(nameEnd + 1)...]),
      Self.checksum(bytes[..<checksumStart]).elementsEqual(bytes[checksumStart...]),
      let name = KeyName(bytes: bytes[nameStart..<nameEnd])
    else { return nil }
    publicName = name
    self.bytes = bytes
  }

  private static func isHead(_ head: ArraySlice<UInt8>, of kind: Kind) -> Bool {
    switch kind {
    case .admin: return head.elementsEqual(adminHead.utf8)
    case .live:
      let mode = head.suffix(6)
      guard mode.elementsEqual("_live_".utf8) || mode.elementsEqual("_test_".utf8) else {
        return false
      }
      return KeyBrand.isBrand(head.dropLast(6))
    }
  }

  /// The whole key. Show it once, then forget it.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Base62.digits(UInt64(CRC32.checksum(bytes)), width: checksumLength)
  }
}

/// The public name of a key, 8 base62 characters in one integer.
package struct KeyName: Hashable, Sendable, CustomStringConvertible {
  private let packed: UInt64

  /// The name of exactly 8 base62 bytes, nil for others.
  init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 8, Base62.isValid(bytes) else { return nil }
    packed = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The name that some text spells, nil where it is none.
  package init?(_ text: String) {
    self.init(bytes: Array(text.utf8))
  }

  package var description: String {
    String(
      decoding: stride(from: UInt64(56), through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: packed >> $0)
      }, as: UTF8.self)
  }
}
