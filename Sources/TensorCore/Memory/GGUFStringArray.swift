// Arrays of strings of GGUF metadata, walked where they lie in the mapped file.

/// An array of strings as it lies in the mapped file, which it keeps alive.
///
/// Each string is a 64-bit length and so many bytes, which need not be UTF-8. Iterating gives the
/// range of each string's bytes in the file; nothing is copied, and all of it was checked when the
/// file was opened.
public struct GGUFStringArray: Sendable, Sequence {
  public let count: Int
  private let range: Range<Int>
  private let file: MappedFile

  init(_ array: GGUFArray) {
    count = array.count
    range = array.range
    file = array.file
  }

  /// The bytes of all strings together.
  public var byteCount: Int { range.count - 8 * count }

  /// The string whose bytes lie in `range`, an element of this sequence; U+FFFD replaces what is not
  /// UTF-8.
  public func string(in range: Range<Int>) -> String { file.text(in: range) }

  /// All strings, each a copy; U+FFFD replaces what is not UTF-8.
  public func decoded() -> [String] { map(string(in:)) }

  /// What `body` makes of the array as it lies in the file, each string behind its length; the bytes
  /// are valid during the call alone. Whole vocabularies are copied from there, several times as
  /// fast as by iterating.
  public func withStoredBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(file.bytes(in: range))
  }

  public var underestimatedCount: Int { count }

  public func makeIterator() -> Iterator {
    Iterator(file: file, offset: range.lowerBound, remaining: count)
  }

  public struct Iterator: IteratorProtocol {
    /// Keeps `base` valid. Only `base` is used for reading, because counting references for each
    /// string takes longer than finding it.
    private let file: MappedFile
    private let base: UnsafeRawPointer
    private var offset: Int
    private var remaining: Int

    init(file: MappedFile, offset: Int, remaining: Int) {
      self.file = file
      base = file.bytes.baseAddress!
      self.offset = offset
      self.remaining = remaining
    }

    public mutating func next() -> Range<Int>? {
      guard remaining > 0 else { return nil }
      remaining -= 1
      let start = offset + 8
      offset = start + Int(base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
      return start..<offset
    }
  }
}
