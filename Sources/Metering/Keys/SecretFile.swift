// Random bytes in a file that its owner alone may read: the pepper, the key of receipts.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Files of secrets.
enum SecretFile {
  /// Reads a secret, or makes it where there is none and `mayCreate` allows it.
  ///
  /// - Parameter isCredential: whether systemd made the file: it may give its reader the right to
  ///   in a list, which looks like the right of a group.
  /// - Throws: ``UsageStoreError``: `unusablePepper` where the file is missing, is readable by others,
  ///   or has the wrong length.
  static func bytes(
    of path: String, length: Int, mayCreate: Bool, isCredential: Bool = false
  ) throws(UsageStoreError) -> [UInt8] {
    if mayCreate { try createIfMissing(path, length: length) }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw UsageStoreError(
        .unusablePepper,
        "cannot read '\(path)': the digests of all API keys need this file; restore it from a "
          + "backup, or remove the keys and create new ones")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & (isCredential ? 0o037 : 0o077) == 0
    else {
      throw UsageStoreError(
        .unusablePepper, "'\(path)' can be read by others: run 'chmod 600' on it")
    }
    var bytes = [UInt8](repeating: 0, count: length + 1)
    let count = read(file, &bytes, bytes.count)
    guard count == length else {
      throw UsageStoreError(
        .unusablePepper,
        "'\(path)' should hold \(length) bytes and holds another number: restore it from a backup")
    }
    return Array(bytes.prefix(length))
  }

  /// Writes a new secret under another name and links it into place, so that two processes that
  /// start together end with the same one and nobody reads half of it.
  private static func createIfMissing(_ path: String, length: Int) throws(UsageStoreError) {
    guard access(path, F_OK) != 0 else { return }
    guard let secret = LibCrypto.randomBytes(count: length) else {
      throw UsageStoreError(.unusablePepper, "the system gave no random bytes for '\(path)'")
    }
    let draft = path + ".\(getpid())"
    let file = DataFolder.openPrivate(draft, O_WRONLY | O_CREAT | O_TRUNC)
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
