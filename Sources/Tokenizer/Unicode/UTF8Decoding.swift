// Reading UTF-8 that may be invalid: a byte that belongs to no character is one of its own.

/// One character of UTF-8 text.
struct UTF8Character {
  /// Its code point; U+FFFD for a byte that belongs to no character.
  var codePoint: UInt32
  /// How many bytes it takes, 1...4.
  var length: Int
}

extension Array<UInt8> {
  /// The character that starts at `start`, of which bytes from `end` on are no part.
  /// Needs `start < end <= count`. Surrogates, overlong forms and code points above U+10FFFF are
  /// invalid.
  func character(at start: Int, before end: Int) -> UTF8Character {
    let first = self[start]
    if first < 0x80 { return UTF8Character(codePoint: UInt32(first), length: 1) }
    let invalid = UTF8Character(codePoint: 0xFFFD, length: 1)
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    if first < 0xC2 || first > 0xF4 || end - start < length { return invalid }
    var codePoint = UInt32(first) & (0x7F >> UInt32(length))
    for offset in 1..<length {
      let byte = self[start + offset]
      if byte & 0xC0 != 0x80 { return invalid }
      codePoint = codePoint << 6 | UInt32(byte & 0x3F)
    }
    let lowest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
    if codePoint < lowest || codePoint > 0x10FFFF || codePoint & 0xFFFFF800 == 0xD800 {
      return invalid
    }
    return UTF8Character(codePoint: codePoint, length: length)
  }

  /// Adds the UTF-8 form of a code point.
  mutating func appendUTF8(_ codePoint: UInt32) {
    if codePoint < 0x80 {
      append(UInt8(codePoint))
    } else if codePoint < 0x800 {
      append(0xC0 | UInt8(codePoint >> 6))
      append(0x80 | UInt8(codePoint & 0x3F))
    } else if codePoint < 0x10000 {
      append(0xE0 | UInt8(codePoint >> 12 & 0x0F))
      append(0x80 | UInt8(codePoint >> 6 & 0x3F))
      append(0x80 | UInt8(codePoint & 0x3F))
    } else {
      append(0xF0 | UInt8(codePoint >> 18 & 0x07))
      append(0x80 | UInt8(codePoint >> 12 & 0x3F))
      append(0x80 | UInt8(codePoint >> 6 & 0x3F))
      append(0x80 | UInt8(codePoint & 0x3F))
    }
  }
}
