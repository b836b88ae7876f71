// The few functions that the module takes from the system's libcrypto.

import COpenSSL
import Synchronization

/// Comparing, hashing and random bytes by libcrypto.
enum LibCrypto {
  /// Whether two byte strings are equal, in a time that depends on their lengths only.
  static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && !left.isEmpty && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Random bytes fit for secrets, nil if the system has none to give.
  static func randomBytes(count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return RAND_bytes(&bytes, Int32(count)) == 1 ? bytes : nil
  }

  /// SHA-256 (FIPS 180-4), 32 bytes; empty only if libcrypto fails.
  static func sha256(_ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard EVP_Digest(message, message.count, &digest, &length, EVP_sha256(), nil) == 1,
      length == 32
    else { return [] }
    return digest
  }
}

/// HMAC-SHA256 (RFC 2104) under one key, for many messages.
///
/// libcrypto's own one-shot function looks the algorithm up by name each time, which costs more
/// than the hash; here one context is kept and started anew.
final class MessageCode: Sendable {
  private struct Context: ~Copyable {
    private let raw = EVP_MD_CTX_new()

    deinit { EVP_MD_CTX_free(raw) }

    /// Settles on SHA-256; false if libcrypto fails.
    func prepare() -> Bool {
      raw != nil && EVP_DigestInit_ex(raw, EVP_sha256(), nil) == 1
    }

    /// SHA-256 of `head` and `tail`, empty if libcrypto fails.
    func hash(_ head: [UInt8], _ tail: [UInt8]) -> [UInt8] {
      var digest = [UInt8](repeating: 0, count: 32)
      guard EVP_DigestInit_ex(raw, nil, nil) == 1,
        EVP_DigestUpdate(raw, head, head.count) == 1,
        EVP_DigestUpdate(raw, tail, tail.count) == 1,
        EVP_DigestFinal_ex(raw, &digest, nil) == 1
      else { return [] }
      return digest
    }
  }

  private static let blockLength = 64
  private let innerPad: [UInt8]
  private let outerPad: [UInt8]
  private let context = Mutex(Context())

  /// Codes under a key of at most 64 bytes; nil for a longer one, or if libcrypto fails.
  init?(key: [UInt8]) {
    guard key.count <= Self.blockLength else { return nil }
    let block = key + [UInt8](repeating: 0, count: Self.blockLength - key.count)
    innerPad = block.map { $0 ^ 0x36 }
    outerPad = block.map { $0 ^ 0x5C }
    guard context.withLock({ $0.prepare() }) else { return nil }
  }

  /// The code of a message, 32 bytes; empty only if libcrypto fails.
  func digest(of message: [UInt8]) -> [UInt8] {
    context.withLock { context in
      let inner = context.hash(innerPad, message)
      return inner.isEmpty ? [] : context.hash(outerPad, inner)
    }
  }
}

/// Random numbers from libcrypto, fetched many at a time.
struct RandomPool: RandomNumberGenerator, Sendable {
  private static let refill = 1024
  private var bytes: [UInt8] = []
  private var system = SystemRandomNumberGenerator()

  mutating func next() -> UInt64 {
    if bytes.count < 8 {
      guard let more = LibCrypto.randomBytes(count: Self.refill) else { return system.next() }
      bytes = more
    }
    var number: UInt64 = 0
    for _ in 0..<8 { number = number << 8 | UInt64(bytes.removeLast()) }
    return number
  }
}
