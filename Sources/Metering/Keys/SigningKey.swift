// Ed25519 (RFC 8032) by the system's libcrypto: for receipts that a customer can check alone.

import COpenSSL

/// A key that signs. Its seed is a file beside the database, readable by its owner only.
struct SigningKey {
  private let key: PrivateKey

  /// The key of a seed of 32 bytes; nil for another length, or if libcrypto fails.
  init?(seed: [UInt8]) {
    guard seed.count == 32, let key = PrivateKey(seed: seed) else { return nil }
    self.key = key
  }

  /// What signatures are checked with, 32 bytes; empty only if libcrypto fails.
  var publicKey: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32)
    var count = bytes.count
    guard EVP_PKEY_get_raw_public_key(key.raw, &bytes, &count) == 1 else { return [] }
    return bytes
  }

  /// The signature of a message, 64 bytes; empty only if libcrypto fails.
  func signature(of message: [UInt8]) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { return [] }
    defer { EVP_MD_CTX_free(context) }
    var bytes = [UInt8](repeating: 0, count: 64)
    var count = bytes.count
    guard EVP_DigestSignInit(context, nil, nil, nil, key.raw) == 1,
      EVP_DigestSign(context, &bytes, &count, message, message.count) == 1
    else { return [] }
    return bytes
  }

  /// Whether a signature belongs to a message under a public key.
  static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
    guard publicKey.count == 32, signature.count == 64,
      let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, 32)
    else { return false }
    defer { EVP_PKEY_free(key) }
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }

  private final class PrivateKey {
    let raw: OpaquePointer

    init?(seed: [UInt8]) {
      guard let raw = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
        return nil
      }
      self.raw = raw
    }

    deinit { EVP_PKEY_free(raw) }
  }
}
