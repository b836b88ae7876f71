// A block of memory far larger than the caches.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory of ones, every page of which has been written, so that a read meets real pages.
final class ReadBuffer: Sendable {
  private static let hugePage = 2 << 20

  /// Written in `init` alone, read by many threads afterwards.
  nonisolated(unsafe) private let words: UnsafeMutableBufferPointer<UInt64>

  /// - Parameters:
  ///   - byteCount: a multiple of 2 MiB.
  ///   - hugePages: asks the system for pages of 2 MiB. It may refuse; the read is then slower.
  init(byteCount: Int, hugePages: Bool) {
    precondition(byteCount > 0 && byteCount % Self.hugePage == 0, "not whole pages of 2 MiB")
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: Self.hugePage)
    #if os(Linux)
      _ = madvise(memory, byteCount, hugePages ? 14 /* MADV_HUGEPAGE */ : 15 /* …NOHUGEPAGE */)
    #endif
    words = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: UInt64.self, capacity: byteCount / 8), count: byteCount / 8)
    words.initialize(repeating: 1)
  }

  deinit { words.deallocate() }

  /// Reads share `index` of `count` shares of the buffer by `loop`, which returns the sum of the
  /// words it was given.
  ///
  /// - Returns: the bytes read.
  func read(share index: Int, of count: Int, by loop: (UnsafeBufferPointer<UInt64>) -> UInt64)
    -> Int
  {
    let pageWords = 4096 / 8
    let pageCount = words.count / pageWords
    let range =
      (pageCount * index / count * pageWords)..<(pageCount * (index + 1) / count * pageWords)
    let share = UnsafeBufferPointer(rebasing: words[range])
    let sum = loop(share)
    precondition(sum == UInt64(share.count), "the read skipped a part of the buffer")
    return share.count * 8
  }
}
