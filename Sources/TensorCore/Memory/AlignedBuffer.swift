// Memory that is owned once, begins on a cache line and is zero at first.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A block of zeroed memory, page-aligned. Pages take space only once they are written.
///
/// Reading and writing are the owner's business: the buffer itself only keeps the memory alive.
package final class AlignedBuffer: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let mappedBytes: Int

  /// Throws `AllocationError` when the system has no such amount of memory.
  ///
  /// - Parameter filled: all of it will be written, so large pages are worth asking for.
  package init(byteCount: Int, filled: Bool = false) throws(AllocationError) {
    guard byteCount >= 0, byteCount < Int.max - 65536 else {
      throw AllocationError(byteCount: byteCount)
    }
    let page = 4096
    mappedBytes = max(page, (byteCount + page - 1) / page * page)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0),
      memory != UnsafeMutableRawPointer(bitPattern: -1)
    else { throw AllocationError(byteCount: byteCount) }
    #if os(Linux)
      if filled { madvise(memory, mappedBytes, 14 /* MADV_HUGEPAGE */) }
    #endif
    base = memory
    self.byteCount = byteCount
  }

  deinit { munmap(base, mappedBytes) }

  /// Sets the first `usedBytes` to zero and gives all pages back to the system.
  package func wipe(usedBytes: Int) {
    memset(base, 0, min(usedBytes, byteCount))
    madvise(base, mappedBytes, MADV_DONTNEED)
  }

  /// The memory as floats.
  package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// The system refused an amount of memory.
public struct AllocationError: Error, CustomStringConvertible {
  public let byteCount: Int

  public var description: String {
    "cannot allocate \(byteCount) bytes of memory: use a shorter context or a smaller model"
  }
}
