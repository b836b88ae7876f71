// The printable alphabet in which byte-level vocabularies spell bytes (GPT-2, 2019): 188 bytes
// that print stand for themselves as code points, the other 68 are U+0100 to U+0143 in order.

/// The spelling of bytes as characters.
enum ByteAlphabet {
  /// The code point for each byte.
  static let codePoints: [UInt32] = {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt32) in
      if isPrintable(byte) { return byte }
      defer { next += 1 }
      return next
    }
  }()

  /// The byte for each code point below 0x144; -1 where there is none.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, codePoint) in codePoints.enumerated() { bytes[Int(codePoint)] = Int16(byte) }
    return bytes
  }()

  private static func isPrintable(_ byte: UInt32) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }

  /// Adds the bytes that `range` of `text` spells to the string being built in `table`; false, and
  /// nothing added, if it holds a character outside the alphabet.
  static func decode(_ text: [UInt8], _ range: Range<Int>, into table: inout StringTable) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let character = text.character(at: position, before: range.upperBound)
      guard character.codePoint < 0x144, bytes[Int(character.codePoint)] >= 0 else {
        table.discardOpenString()
        return false
      }
      table.appendByte(UInt8(truncatingIfNeeded: bytes[Int(character.codePoint)]))
      position += character.length
    }
    return true
  }
}
