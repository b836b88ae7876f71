// The few functions that the module takes from the system's libcrypto.

import COpenSSL

/// Hashing, comparing and random bytes by libcrypto.
enum Digest {
  /// HMAC-SHA256 (RFC 2104), 32 bytes; empty only if libcrypto itself fails.
  static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let result = HMAC(
      EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &length)
    return result == nil || length != 32 ? [] : digest
  }

  /// Whether two byte strings are equal, in a time that depends on their lengths only.
  static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && !left.isEmpty && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Random bytes fit for secrets, nil if the system has none to give.
  static func randomBytes(count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return RAND_bytes(&bytes, Int32(count)) == 1 ? bytes : nil
  }
}
