// The secret that key digests are made with: a file beside the database, readable by its owner only.
//
// Whoever steals the database alone cannot even test a guess.

/// The pepper of a data folder.
struct Pepper: Sendable {
  private static let length = 32

  /// The number that rows of the key table remember it by.
  static let id: Int64 = 1
  private let code: MessageCode

  /// What is stored of a key: HMAC-SHA256, 32 bytes; empty only if libcrypto itself fails.
  func digest(of key: APIKey) -> [UInt8] { code.digest(of: key.bytes) }

  /// Reads the pepper of a folder, or makes it where there is none and `mayCreate` allows it.
  ///
  /// - Throws: ``UsageStoreError`` where the file is missing though keys depend on it, is readable
  ///   by others, or has the wrong length.
  init(folder: String, mayCreate: Bool) throws(UsageStoreError) {
    let path = folder + "/pepper-\(Self.id)"
    let bytes = try SecretFile.bytes(of: path, length: Self.length, mayCreate: mayCreate)
    guard let code = MessageCode(key: bytes) else {
      throw UsageStoreError(.unusablePepper, "the system's libcrypto offers no SHA-256")
    }
    self.code = code
  }
}
