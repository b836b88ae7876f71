// Strings copied from memory that somebody else owns.

extension StringTable {
  /// Adds one string at the end, as the generic function does; callers of other modules need this
  /// for the speed.
  package mutating func append(_ utf8: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: utf8)
    ends.append(bytes.count)
  }
}
