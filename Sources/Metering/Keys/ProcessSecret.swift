// Codes of texts that have to be known again and must not be kept.

/// A secret that a process makes for itself and never writes down. Whoever has a code but not the secret
/// cannot find the text by trying, and with the process the codes lose all meaning.
package struct ProcessSecret: Sendable {
  private let bytes: [UInt8]

  /// A new secret; nil where the system has no random bytes to give.
  package init?() {
    guard let bytes = LibCrypto.randomBytes(count: 32) else { return nil }
    self.bytes = bytes
  }

  /// HMAC-SHA256 of a text; nil only if libcrypto fails. Long texts keep nobody else waiting.
  package func code(of text: [UInt8]) -> SecretCode? {
    MessageCode(key: bytes).flatMap { KeyDigest($0.digest(of: text)) }.map {
      SecretCode(digest: $0)
    }
  }
}

/// What a ``ProcessSecret`` makes of a text.
package struct SecretCode: Hashable, Sendable {
  fileprivate let digest: KeyDigest
}
