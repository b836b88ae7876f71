// The text of an API key: `apus_live_<8 base62>_<43 base62><6 base62>`. Keys of the administration
// begin with `apus_admin_`, so that neither can pass for the other.
//
// The first part is a public name that the table of keys is searched by, the second is 256 random
// bits, the last is a CRC-32 of all before it. A fixed prefix and a checksum let scanners of leaked
// secrets find keys without false alarms.

/// An API key as its owner holds it. It exists in memory only: at rest there is its HMAC.
package struct APIKey: Sendable {
  /// What a key opens.
  package enum Kind: String, Sendable {
    /// The public API.
    case live = "apus_live_"
    /// The administration's listener.
    case admin = "apus_admin_"
  }

  /// What every key of the public API starts with.
  package static let prefix = Kind.live.rawValue

  /// The public name: 8 characters.
  package let publicName: KeyName
  /// The whole key in ASCII.
  let bytes: [UInt8]

  private static let nameLength = 8
  private static let secretLength = 43
  private static let checksumLength = 6

  /// The key that some text spells, nil where shape or checksum is wrong.
  package init?(_ text: String, kind: Kind = .live) {
    self.init(bytes: Array(text.utf8), kind)
  }

  /// A new key out of 38 random bytes (6 for the name, 32 for the secret); nil for another number.
  package init?(randomBytes: [UInt8], kind: Kind = .live) {
    guard randomBytes.count == 38 else { return nil }
    let body =
      Array(kind.rawValue.utf8) + Base62.digits(randomBytes[..<6], width: Self.nameLength)
      + [UInt8(ascii: "_")] + Base62.digits(randomBytes[6...], width: Self.secretLength)
    self.init(bytes: body + Self.checksum(body[...]), kind)
  }

  private init?(bytes: [UInt8], _ kind: Kind) {
    let prefix = Array(kind.rawValue.utf8)
    let nameStart = prefix.count
    let nameEnd = nameStart + Self.nameLength
    let checksumStart = nameEnd + 1 + Self.secretLength
    guard bytes.count == checksumStart + Self.checksumLength,
      bytes.starts(with: prefix), bytes[nameEnd] == UInt8(ascii: "_"),
      Base62.isValid(bytes[(nameEnd + 1)...]),
      Self.checksum(bytes[..<checksumStart]).elementsEqual(bytes[checksumStart...]),
      let name = KeyName(bytes: bytes[nameStart..<nameEnd])
    else { return nil }
    publicName = name
    self.bytes = bytes
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
