// The system calls under the file of openings: whole words at their places, and a way to have them
// on the disk.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where the words of an ``OpeningFile`` stand. A test may put another in place of the disk.
package protocol OpeningDisk: Sendable {
  /// All whole words that are there, at most `limit`.
  func read(limit: Int) throws(UsageStoreError) -> [UInt64]

  /// Writes these words of an image at the same place. When this returns they outlive the process.
  func write(_ image: [UInt64], _ range: Range<Int>) throws(UsageStoreError)

  /// Leaves nothing of what was there before.
  func erase() throws(UsageStoreError)

  /// Has everything that was written on the disk when this returns. After an error nobody knows what
  /// of it is, even where a later call succeeds: it has to be written again.
  func force() throws(UsageStoreError)
}

/// A file that its owner alone may read.
final class SystemOpeningDisk: OpeningDisk {
  private let path: String
  private let file: Int32

  /// Opens the file, or makes it so that a power cut does not take its name.
  init(path: String, folder: String) throws(UsageStoreError) {
    self.path = path
    file = DataFolder.openPrivate(path, O_RDWR | O_CREAT)
    guard file >= 0 else { throw Self.fault("open", path) }
    let names = open(folder, O_RDONLY | O_CLOEXEC)
    if names >= 0 {
      fsync(names)
      Self.close(names)
    }
  }

  deinit { Self.close(file) }

  func read(limit: Int) throws(UsageStoreError) -> [UInt64] {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.fault("read", path) }
    let count = min(Int(status.st_size) / MemoryLayout<UInt64>.size, limit)
    var words = [UInt64](repeating: 0, count: count)
    let done = words.withUnsafeMutableBytes { bytes -> Int in
      var done = 0
      while done < bytes.count {
        let part = pread(file, bytes.baseAddress! + done, bytes.count - done, off_t(done))
        if part < 0, errno == EINTR { continue }
        guard part > 0 else { return part < 0 ? -1 : done }
        done += part
      }
      return done
    }
    guard done >= 0 else { throw Self.fault("read", path) }
    return words
  }

  func write(_ image: [UInt64], _ range: Range<Int>) throws(UsageStoreError) {
    let isWritten = image.withUnsafeBytes { bytes in
      let size = MemoryLayout<UInt64>.size
      var (place, end) = (range.lowerBound * size, range.upperBound * size)
      while place < end {
        let part = pwrite(file, bytes.baseAddress! + place, end - place, off_t(place))
        if part < 0, errno == EINTR { continue }
        guard part > 0 else { return false }
        place += part
      }
      return true
    }
    guard isWritten else { throw Self.fault("write", path) }
  }

  func erase() throws(UsageStoreError) {
    guard ftruncate(file, 0) == 0 else { throw Self.fault("empty", path) }
  }

  func force() throws(UsageStoreError) {
    #if canImport(Darwin)
      // Plain `fsync` leaves it to the drive when it writes. Where a file system knows no better, it is
      // the best there is.
      let isForced = fcntl(file, F_FULLFSYNC) == 0 || fsync(file) == 0
    #else
      let isForced = fdatasync(file) == 0
    #endif
    guard isForced else { throw Self.fault("force", path) }
  }

  private static func close(_ file: Int32) {
    #if canImport(Glibc)
      Glibc.close(file)
    #else
      Darwin.close(file)
    #endif
  }

  private static func fault(_ action: String, _ path: String) -> UsageStoreError {
    let number = errno
    let words = String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT, EFBIG:
      return UsageStoreError(
        .diskFull, "cannot \(action) '\(path)': the disk is full (\(words)); free some space")
    case EACCES, EPERM, EISDIR, ENOENT, EROFS:
      return UsageStoreError(
        .cannotOpen, "cannot \(action) '\(path)': check the folder's rights (\(words))")
    default:
      return UsageStoreError(.inputOutput, "cannot \(action) '\(path)': \(words)")
    }
  }
}
