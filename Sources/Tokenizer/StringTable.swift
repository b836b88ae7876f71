// Byte strings stored end to end: a list of 262,144 of them is two allocations, not 262,144.

/// A list of byte strings, 4 GiB in all at most. Strings need not be UTF-8 and may be empty.
public struct StringTable: Sendable {
  /// All strings, one after another.
  package internal(set) var bytes: [UInt8] = []
  /// Where each string starts in `bytes`, and where the last one ends.
  var bounds: [UInt32] = [0]

  /// An empty list.
  public init() {}

  /// How many strings there are.
  public var count: Int { bounds.count - 1 }

  /// Makes room for `strings` more strings of `bytes` bytes in all.
  public mutating func reserve(strings: Int, bytes: Int) {
    bounds.reserveCapacity(bounds.count + strings)
    self.bytes.reserveCapacity(self.bytes.count + bytes)
  }

  /// Adds one string at the end.
  public mutating func append(_ utf8: some Sequence<UInt8>) {
    bytes.append(contentsOf: utf8)
    close()
  }

  /// Ends a string where the bytes end.
  private mutating func close() {
    precondition(bytes.count <= UInt32.max, "a string table holds at most 4 GiB")
    bounds.append(UInt32(truncatingIfNeeded: bytes.count))
  }

  /// The bytes of string `index`, which must be in `0..<count`.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

  /// Where string `index` lies in `bytes`.
  package func range(of index: Int) -> Range<Int> {
    Int(bounds[index])..<Int(bounds[index + 1])
  }

  /// Adds the bytes that `range` of `text` spells in the byte alphabet; an empty string, and false,
  /// if it is not written in it.
  mutating func appendDecoded(_ text: [UInt8], _ range: Range<Int>) -> Bool {
    defer { close() }
    return ByteAlphabet.decode(text, range, into: &bytes)
  }

  /// Adds `range` of `text` with U+2581 turned back into a space.
  mutating func appendUnescaped(_ text: borrowing Span<UInt8>, _ range: Range<Int>) {
    var position = range.lowerBound
    while position < range.upperBound {
      if text[position] == 0xE2, position + 3 <= range.upperBound, text[position + 1] == 0x96,
        text[position + 2] == 0x81
      {
        bytes.append(0x20)
        position += 3
      } else {
        bytes.append(text[position])
        position += 1
      }
    }
    close()
  }
}
