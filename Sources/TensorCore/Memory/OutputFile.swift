// A file that appears at its place whole, or not at all.

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file under way: written beside its place as `PATH.partial-PID`, and renamed when it is done.
///
/// What was at the path before stays until then. A file that is not committed is deleted with this
/// value.
package final class OutputFile {
  /// The path as it was given.
  package let path: String
  /// Where the bytes are until ``commit()``.
  package let temporaryPath: String
  /// Bytes written so far.
  package private(set) var byteCount = 0
  private let descriptor: Int32
  private var isCommitted = false

  package init(path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw FileError(
        code: .notRegular, path: path,
        detail: "is no regular file; name a file that is new or may be replaced")
    }
    self.path = path
    temporaryPath = path + ".partial-\(getpid())"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.refusal(path, errno) }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporaryPath) }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let slice = UnsafeRawBufferPointer(rebasing: rest)
      #if canImport(Darwin)
        let written = Darwin.write(descriptor, slice.baseAddress, slice.count)
      #elseif canImport(Musl)
        let written = Musl.write(descriptor, slice.baseAddress, slice.count)
      #else
        let written = Glibc.write(descriptor, slice.baseAddress, slice.count)
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.refusal(path, errno)
      }
      rest = rest.dropFirst(written)
    }
    byteCount += bytes.count
  }

  /// Appends bytes.
  package func write(_ bytes: [UInt8]) throws(FileError) {
    let result = bytes.withUnsafeBytes { (bytes) -> Result<Void, FileError> in
      do throws(FileError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Puts the file at its path, in place of what was there, once its bytes are on the disk.
  package func commit() throws(FileError) {
    guard fsync(descriptor) == 0 || errno == EINVAL, rename(temporaryPath, path) == 0 else {
      throw Self.refusal(path, errno)
    }
    isCommitted = true
  }

  private static func refusal(_ path: String, _ code: Int32) -> FileError {
    let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "make room or choose another disk"
      case ENOENT, ENOTDIR: "make its folder first"
      default: "choose a place where this user may write"
      }
    return FileError(
      code: .unwritable, path: path, detail: "cannot be written: \(reason); \(advice)")
  }
}

/// Whether both paths lead to the same file now.
package func isSameFile(_ path: String, _ other: String) -> Bool {
  var (first, second) = (stat(), stat())
  guard stat(path, &first) == 0, stat(other, &second) == 0 else { return false }
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino
}
