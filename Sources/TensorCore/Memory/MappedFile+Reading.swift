// Checked reads from a mapped file: every offset is compared with the file's size first.

extension MappedFile {
  /// The size of the file, at least 1.
  package var byteCount: Int { bytes.count }

  /// The little-endian integer at `offset`, which need not be aligned; nil outside of the file.
  package func integer<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
    guard contains(offset, count: MemoryLayout<T>.size) else { return nil }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The bytes of `range`; a range outside of the file is a programmer's mistake.
  package func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  /// The little-endian integers that fill `range`, converted; nil when one cannot be.
  package func elements<T: FixedWidthInteger, Element>(
    _ type: T.Type, in range: Range<Int>, _ convert: (T) -> Element?
  ) -> [Element]? {
    let bytes = bytes(in: range)
    var result: [Element] = []
    result.reserveCapacity(bytes.count / MemoryLayout<T>.size)
    for offset in stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size) {
      let value = T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
      guard let element = convert(value) else { return nil }
      result.append(element)
    }
    return result
  }

  /// The first `count` bytes of the file, or all of a shorter one.
  func prefix(_ count: Int) -> [UInt8] { Array(bytes.prefix(count)) }

  /// The bytes of `range`, copied.
  package func copy(of range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

  /// Whether every byte of `range` is 0 or 1.
  func holdsOnlyBools(in range: Range<Int>) -> Bool { bytes[range].allSatisfy { $0 <= 1 } }

  /// The text of `range`, with U+FFFD where it is not UTF-8.
  func text(in range: Range<Int>) -> String {
    String(decoding: bytes(in: range), as: UTF8.self)
  }

  /// The text of `range`, or nil where it is not UTF-8.
  func validText(in range: Range<Int>) -> String? {
    String(validating: bytes(in: range), as: UTF8.self)
  }

  /// The end of `count` strings that start at `offset`, each a 64-bit length and so many bytes; nil
  /// where one of them leaves the file. Lengths are followed and nothing is copied, so that a
  /// vocabulary of 262,144 tokens costs a millisecond.
  func endOfStrings(count: Int, from offset: Int) -> Int? {
    var offset = offset
    for _ in 0..<count {
      guard let length = integer(UInt64.self, at: offset),
        length <= UInt64(bytes.count - offset - 8)
      else { return nil }
      offset += 8 + Int(length)
    }
    return offset
  }

  /// Whether `count` bytes at `offset` lie in the file.
  package func contains(_ offset: Int, count: Int) -> Bool {
    offset >= 0 && count >= 0 && offset <= bytes.count && count <= bytes.count - offset
  }
}
