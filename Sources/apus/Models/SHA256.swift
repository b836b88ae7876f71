// The checksum of a file, by the system's libcrypto.

import COpenSSL
import Foundation

/// The SHA-256 of a file (FIPS 180-4), in lower-case hexadecimal.
///
/// - Throws: Foundation's error where the file cannot be read.
func sha256(ofFile path: String) throws -> String {
  let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
  defer { try? file.close() }
  let context = EVP_MD_CTX_new()
  defer { EVP_MD_CTX_free(context) }
  EVP_DigestInit_ex(context, EVP_sha256(), nil)
  while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty {
    EVP_DigestUpdate(context, Array(chunk), chunk.count)
  }
  var digest = [UInt8](repeating: 0, count: 32)
  EVP_DigestFinal_ex(context, &digest, nil)
  return digest.map { byte in
    let text = String(byte, radix: 16)
    return byte < 16 ? "0" + text : text
  }.joined()
}
