// A whole file, mapped read-only into memory.

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A whole file as memory: mapped read-only, paged in by the system when it is touched, and unmapped
/// when the last reference goes.
///
/// Pointers into ``bytes`` are valid only as long as this object lives. Another program that shortens
/// the file while it is mapped makes the system end this process at the next access beyond the new
/// end (`SIGBUS`); replacing the file by a rename is harmless, because the mapping keeps the old one.
package final class MappedFile: @unchecked Sendable {
  /// The path as it was given.
  package let path: String
  /// Every byte of the file, page-aligned, at least one; valid while this object lives.
  package let bytes: UnsafeRawBufferPointer
  private let descriptor: Int32

  /// Maps the file at `path`. An empty file is an error, because nothing can be mapped.
  package init(path: String) throws(FileError) {
    // O_NONBLOCK: opening a pipe must fail below, not wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.refusal(path: path, code: errno) }
    var isOwned = false
    defer { if !isOwned { close(descriptor) } }
    let size = try Self.size(of: descriptor, path: path)
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
    else {
      throw FileError(
        code: .mappingFailed, path: path,
        detail: "cannot be mapped (\(size) bytes): \(Self.systemMessage(errno)); "
          + "look at the limits on address space (ulimit -v)")
    }
    self.path = path
    bytes = UnsafeRawBufferPointer(start: base, count: size)
    self.descriptor = descriptor
    isOwned = true
  }

  deinit {
    close(descriptor)
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
  }

  /// Copies `range` to `target` without a mapped page: touching one byte of a mapping may make 2 MiB
  /// of the file count as this process's memory.
  package func copy(_ range: Range<Int>, to target: UnsafeMutableRawPointer) {
    let count = pread(descriptor, target, range.count, off_t(range.lowerBound))
    if count == range.count { return }
    target.copyMemory(from: bytes.baseAddress! + range.lowerBound, byteCount: range.count)
  }

  /// Gives back the memory of the whole pages inside `range`, for instance after their contents were
  /// repacked elsewhere. The bytes stay valid: touching them reads the file again.
  package func release(_ range: Range<Int>) {
    // The last page of the file counts as whole: nothing else lives on it.
    let end = range.upperBound == bytes.count ? bytes.count : roundedDown(range.upperBound)
    advise(MADV_DONTNEED, from: roundedUp(range.lowerBound), to: end)
  }

  private func advise(_ advice: Int32, from start: Int, to end: Int) {
    precondition(start >= 0 && end <= bytes.count, "the range lies outside of the mapped file")
    guard start < end else { return }
    _ = madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress! + start), end - start, advice)
  }

  private func roundedDown(_ offset: Int) -> Int { offset - offset % Self.pageBytes }

  private func roundedUp(_ offset: Int) -> Int {
    roundedDown(offset + Self.pageBytes - 1)
  }

  private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

  private static func size(of descriptor: Int32, path: String) throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw refusal(path: path, code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR:
      throw FileError(
        code: .directory, path: path, detail: "is a directory; name the file inside it")
    default:
      throw FileError(
        code: .notRegular, path: path, detail: "is a pipe, socket or device; give a regular file")
    }
    guard status.st_size > 0 else {
      throw FileError(code: .empty, path: path, detail: "is empty (0 bytes); download it again")
    }
    return Int(status.st_size)
  }

  private static func refusal(path: String, code: Int32) -> FileError {
    switch code {
    case ENOENT, ENOTDIR:
      FileError(code: .missing, path: path, detail: "no such file; check the path")
    case EACCES, EPERM:
      FileError(
        code: .unreadable, path: path, detail: "may not be read by this user; check its permissions"
      )
    default:
      FileError(
        code: .unreadable, path: path, detail: "cannot be opened: \(systemMessage(code))")
    }
  }

  private static func systemMessage(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
  }
}
