// Byte strings stored end to end: a list of 262,144 of them is two allocations, not 262,144.

/// A list of byte strings. Strings need not be UTF-8 and may be empty.
public struct StringTable: Sendable {
  /// All strings, one after another.
  package private(set) var bytes: [UInt8] = []
  /// Where each string ends in `bytes`; it starts where the one before it ends.
  private var ends: [Int] = []

  /// An empty list.
  public init() {}

  /// How many strings there are.
  public var count: Int { ends.count }

  /// Makes room for `strings` more strings of `bytes` bytes in all.
  public mutating func reserve(strings: Int, bytes: Int) {
    ends.reserveCapacity(ends.count + strings)
    self.bytes.reserveCapacity(self.bytes.count + bytes)
  }

  /// Adds one string at the end.
  public mutating func append(_ utf8: some Sequence<UInt8>) {
    bytes.append(contentsOf: utf8)
    ends.append(bytes.count)
  }

  /// The bytes of string `index`, which must be in `0..<count`.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

  /// Where string `index` lies in `bytes`.
  package func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// Adds one byte to the string being built; `endString` closes it.
  package mutating func appendByte(_ byte: UInt8) { bytes.append(byte) }

  /// Closes the string whose bytes were added since the last one ended.
  package mutating func endString() { ends.append(bytes.count) }

  /// Drops the bytes added since the last string ended.
  package mutating func discardOpenString() {
    bytes.removeLast(bytes.count - (ends.last ?? 0))
  }

  /// Adds the string that is `first` of `other` followed by `second` of `other`.
  package mutating func append(_ range: Range<Int>, of other: [UInt8]) {
    bytes.append(contentsOf: other[range])
  }
}
