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

  /// Adds the bytes that `range` of `text` spells to `result`; false, and nothing added, if it
  /// holds a character outside the alphabet.
  static func decode(_ text: [UInt8], _ range: Range<Int>, into result: inout [UInt8]) -> Bool {
    let count = result.count
    let bytes = bytes.span
    var position = range.lowerBound
    while position < range.upperBound {
      var codePoint = UInt32(text[position])
      position += 1
      if codePoint >= 0x80 {
        let character = text.character(at: position - 1, before: range.upperBound)
        codePoint = character.codePoint
        position += character.length - 1
      }
      guard codePoint < 0x144, bytes[Int(codePoint)] >= 0 else {
        result.removeLast(result.count - count)
        return false
      }
      result.append(UInt8(truncatingIfNeeded: bytes[Int(codePoint)]))
    }
    return true
  }
}
