// Asking for weights before they are needed.

#if WITHOUT_PREFETCH
  // The thread sanitizer makes calls of calls that may fail, which LLVM does not allow for intrinsics.

  @inline(__always)
  func prefetchLine(_ address: UnsafeRawPointer) {}
#else
  /// LLVM's intrinsic of this name; the standard library has no word for it.
  ///
  /// Only constants may stand for `write` (0: will be read), `locality` (3: keep in all caches) and
  /// `kind` (1: data). A hint: any address will do, nothing is read.
  @_extern(c, "llvm.prefetch.p0")
  private func prefetch(
    _ address: UnsafeRawPointer, _ write: Int32, _ locality: Int32, _ kind: Int32)

  /// Asks for the line at `address`.
  @inline(__always)
  func prefetchLine(_ address: UnsafeRawPointer) { prefetch(address, 0, 3, 1) }
#endif

/// How far ahead of its use a tile of one token asks for weights, and one of several, in bytes. The
/// more a tile does with a line, the fewer the processor looks ahead by itself.
let prefetchDistance = (one: 4_096, several: 8_192)

/// Asks for `byteCount` bytes of weights that a tile of `tokenCount` tokens reads later, those at
/// `address` being next.
///
/// Tiles of many tokens took a third of the memory's rate without: too few lines fit the
/// instructions that a processor holds at a time.
@inline(__always)
func prefetchWeights(after address: UnsafeRawPointer, _ byteCount: Int, tokenCount: Int) {
  let distance = tokenCount == 1 ? prefetchDistance.one : prefetchDistance.several
  for line in stride(from: 0, to: byteCount, by: 64) { prefetchLine(address + distance + line) }
}
