// Memory that many buffers share, so that the system's large pages do not end with each of them.

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A run of zeroed memory that begins on a large page, handed out piece after piece. It goes back to the
/// system with the last of its pieces; a piece that goes earlier gives its pages back.
///
/// A matrix in a mapping of its own has small pages at both ends, where no large one fits: a quarter of
/// the weights of a model with a billion of them.
final class Slab: Sendable {
  private let address: UInt
  private let byteCount: Int

  /// Bytes of a large page of x86-64, and of arm64 with small pages of 4 KiB.
  private static let largePage = 2 << 20
  /// Address space that is asked for at a time. Pages take memory once they are written.
  private static let reserve = 256 << 20
  private static let current = Mutex<(slab: Slab, used: Int)?>(nil)

  /// `byteCount` bytes, a multiple of a small page; nil where the system has no large pages to ask for, or
  /// no memory.
  static func take(_ byteCount: Int) -> (Slab, UnsafeMutableRawPointer)? {
    #if os(Linux)
      let place = current.withLock { current -> (Slab, Int)? in
        if let (slab, used) = current, slab.byteCount - used >= byteCount {
          current = (slab, used + byteCount)
          return (slab, used)
        }
        guard let slab = Slab(max(byteCount, reserve)) else { return nil }
        // What is left of the old one may be more than what is left of this one.
        if byteCount < reserve { current = (slab, byteCount) }
        return (slab, 0)
      }
      return place.map { ($0, UnsafeMutableRawPointer(bitPattern: $0.address)! + $1) }
    #else
      return nil
    #endif
  }

  private init?(_ wanted: Int) {
    let (bytes, overflows) = wanted.addingReportingOverflow(Self.largePage)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard !overflows, let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0),
      memory != UnsafeMutableRawPointer(bitPattern: -1)
    else { return nil }
    let start = UInt(bitPattern: memory)
    let large = UInt(Self.largePage)
    address = (start + large - 1) / large * large
    byteCount = wanted
    if address > start { munmap(memory, Int(address - start)) }
    let rest = Int(start + UInt(bytes) - address) - wanted
    if rest > 0 { munmap(UnsafeMutableRawPointer(bitPattern: address)! + wanted, rest) }
    #if os(Linux)
      madvise(UnsafeMutableRawPointer(bitPattern: address)!, wanted, AlignedBuffer.largePages)
    #endif
  }

  deinit { munmap(UnsafeMutableRawPointer(bitPattern: address)!, byteCount) }
}
