// The secret that key digests are made with: a file beside the database, readable by its owner only.
//
// Whoever steals the database alone cannot even test a guess.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

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
    if mayCreate { try Self.createIfMissing(path) }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw UsageStoreError(
        .unusablePepper,
        "cannot read '\(path)': the digests of all API keys need this file; restore it from a "
          + "backup, or remove the keys and create new ones")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw UsageStoreError(
        .unusablePepper, "'\(path)' can be read by others: run 'chmod 600' on it")
    }
    var bytes = [UInt8](repeating: 0, count: Self.length + 1)
    let count = read(file, &bytes, bytes.count)
    guard count == Self.length else {
      throw UsageStoreError(
        .unusablePepper,
        "'\(path)' should hold \(Self.length) bytes and holds another number: restore it from a "
          + "backup")
    }
    guard let code = MessageCode(key: Array(bytes.prefix(Self.length))) else {
      throw UsageStoreError(.unusablePepper, "the system's libcrypto offers no SHA-256")
    }
    self.code = code
  }

  /// Writes a new pepper under another name and links it into place, so that two processes that
  /// start together end with the same one and nobody reads half of it.
  private static func createIfMissing(_ path: String) throws(UsageStoreError) {
    guard access(path, F_OK) != 0 else { return }
    guard let secret = LibCrypto.randomBytes(count: length) else {
      throw UsageStoreError(.unusablePepper, "the system gave no random bytes for '\(path)'")
    }
    let draft = path + ".\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw UsageStoreError(.unusablePepper, "cannot write '\(draft)': check the folder's rights")
    }
    let isWritten = write(file, secret, secret.count) == secret.count && fsync(file) == 0
    close(file)
    defer { unlink(draft) }
    guard isWritten, link(draft, path) == 0 || errno == EEXIST else {
      throw UsageStoreError(
        .unusablePepper, "cannot write '\(path)': check the disk's space and the folder's rights")
    }
  }
}
