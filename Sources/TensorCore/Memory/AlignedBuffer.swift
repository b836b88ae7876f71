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
  /// Where what stands in a buffer must not come.
  package enum Privacy: Sendable {
    /// It is no secret.
    case open
    /// In no core file.
    case undumped
    /// In no core file, and in no swap: pages stay in memory once they are written.
    case locked
  }

  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let mappedBytes: Int
  private let isLocked: Bool
  /// What the memory is part of; nil where it is a mapping of its own.
  private let slab: Slab?

  /// Linux's MADV_HUGEPAGE.
  static let largePages: Int32 = 14
  private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
  /// Pages whose state is asked for at a time.
  private static let wipedPages = 1_024

  /// Throws `AllocationError` when the system has no such amount of memory.
  ///
  /// - Parameters:
  ///   - filled: it will be written from its beginning and without gaps, so large pages are worth asking
  ///     for.
  ///   - privacy: what is written there of what people say.
  package init(
    byteCount: Int, filled: Bool = false, privacy: Privacy = .open
  ) throws(AllocationError) {
    guard byteCount >= 0, byteCount < Int.max - 65536 else {
      throw AllocationError(byteCount: byteCount)
    }
    let page = Self.pageBytes
    mappedBytes = max(page, (byteCount + page - 1) / page * page)
    self.byteCount = byteCount
    isLocked = privacy == .locked
    if filled, privacy == .open, let (slab, memory) = Slab.take(mappedBytes) {
      self.slab = slab
      base = memory
      return
    }
    slab = nil
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, flags, -1, 0),
      memory != UnsafeMutableRawPointer(bitPattern: -1)
    else { throw AllocationError(byteCount: byteCount) }
    #if os(Linux)
      if privacy != .open { madvise(memory, mappedBytes, 16 /* MADV_DONTDUMP */) }
      if filled { madvise(memory, mappedBytes, Self.largePages) }
    #endif
    if privacy == .locked, !Self.lock(memory, mappedBytes) {
      munmap(memory, mappedBytes)
      throw AllocationError(byteCount: byteCount, isLockRefused: true)
    }
    base = memory
  }

  /// Keeps pages in memory from the moment on that they are written.
  private static func lock(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
    #if os(Linux)
      // Swift's view of the C library leaves it out.
      typealias LockOnFault = @convention(c) (UnsafeMutableRawPointer, Int, UInt32) -> Int32
      guard let symbol = dlsym(nil, "mlock2") else { return false }
      return unsafeBitCast(symbol, to: LockOnFault.self)(memory, byteCount, 1) == 0
    #else
      return mlock(memory, byteCount) == 0
    #endif
  }

  deinit {
    if slab == nil {
      munmap(base, mappedBytes)
    } else {
      // The rest of the slab may be somebody else's.
      madvise(base, mappedBytes, MADV_DONTNEED)
    }
  }

  /// Sets the first `usedBytes` to zero, as far as they were ever written, and gives all pages back
  /// to the system; locked ones stay with Linux before 5.18.
  package func wipe(usedBytes: Int) {
    let end = min(usedBytes, byteCount)
    for start in stride(from: 0, to: end, by: Self.wipedPages * Self.pageBytes) {
      wipe(base + start, min(end - start, Self.wipedPages * Self.pageBytes))
    }
    #if os(Linux)
      if isLocked { madvise(base, mappedBytes, 24 /* MADV_DONTNEED_LOCKED */) }
    #endif
    madvise(base, mappedBytes, MADV_DONTNEED)
  }

  /// Sets some pages to zero that are in memory. To clear one that was never written would only make
  /// the system find memory for it.
  private func wipe(_ start: UnsafeMutableRawPointer, _ count: Int) {
    #if os(Linux)
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.wipedPages) { states in
        guard mincore(start, count, states.baseAddress!) == 0 else {
          memset(start, 0, count)
          return
        }
        for offset in stride(from: 0, to: count, by: Self.pageBytes)
        where states[offset / Self.pageBytes] & 1 != 0 {
          memset(start + offset, 0, min(Self.pageBytes, count - offset))
        }
      }
    #else
      memset(start, 0, count)
    #endif
  }

  /// The memory as floats.
  package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// The system refused an amount of memory.
public struct AllocationError: Error, CustomStringConvertible {
  public let byteCount: Int
  /// Whether the memory is there and may not be locked.
  var isLockRefused = false

  public var description: String {
    isLockRefused
      ? "cannot lock \(byteCount) bytes in memory: raise the limit ('ulimit -l', LimitMEMLOCK), or "
        + "use less memory for keys and values"
      : "cannot allocate \(byteCount) bytes of memory: use a shorter context or a smaller model"
  }
}
