// A string as Python has it: a sequence of code points, here in UTF-8.

/// Text that is measured, cut and compared by code points, unlike `String`, which sees `é` written
/// in two ways as one and `\r\n` as a single character.
struct TemplateText: Hashable, Comparable, Sendable {
  var utf8: [UInt8]

  init(utf8: [UInt8]) { self.utf8 = utf8 }

  init(_ slice: ArraySlice<UInt8>) { utf8 = Array(slice) }

  init(_ string: String) { utf8 = Array(string.utf8) }

  init(_ scalars: some Sequence<Unicode.Scalar>) {
    utf8 = []
    for scalar in scalars { utf8.append(contentsOf: UTF8.encode(scalar)!) }
  }

  var string: String { String(decoding: utf8, as: UTF8.self) }

  /// The text's code points.
  var scalars: String.UnicodeScalarView { string.unicodeScalars }

  var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }

  /// The number of code points.
  var count: Int { Self.count(utf8[...]) }

  static func count(_ utf8: ArraySlice<UInt8>) -> Int {
    utf8.count { $0 & 0xC0 != 0x80 }
  }

  /// UTF-8 sorts as its code points do.
  static func < (left: TemplateText, right: TemplateText) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}

extension TemplateText: ExpressibleByStringInterpolation {
  init(stringLiteral value: String) { self.init(value) }
}

extension TemplateText {
  /// The bytes at which code points begin, and the end: one more than there are code points.
  var boundaries: [Int] {
    var boundaries = utf8.indices.filter { utf8[$0] & 0xC0 != 0x80 }
    boundaries.append(utf8.count)
    return boundaries
  }

  /// The byte at which code point `index` begins; the end where there is none.
  func offset(ofScalar index: Int) -> Int {
    if index <= 0 { return 0 }
    var left = index
    for (offset, byte) in utf8.enumerated() where byte & 0xC0 != 0x80 {
      if left == 0 { return offset }
      left -= 1
    }
    return utf8.count
  }

  /// The code point that begins at `offset`, and how many bytes it has.
  static func scalar(in utf8: ArraySlice<UInt8>, at offset: Int) -> (Unicode.Scalar, length: Int) {
    var iterator = utf8[offset...].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return ("\u{FFFD}", 1) }
    return (scalar, UTF8.width(scalar))
  }
}

extension Unicode.Scalar {
  /// What Python's `str.isspace`, `strip` and `split` take for white space.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029,
      0x202F, 0x205F, 0x3000:
      true
    default: false
    }
  }
}

extension ArraySlice<UInt8> {
  /// How many bytes of white space begin at `offset`: one code point, or 0.
  func spaceLength(at offset: Int) -> Int {
    guard self[offset] >= 0x80 else { return Unicode.Scalar(self[offset]).isPythonSpace ? 1 : 0 }
    let (scalar, length) = TemplateText.scalar(in: self, at: offset)
    return scalar.isPythonSpace ? length : 0
  }

  /// The slice without leading white space.
  var withoutLeadingSpace: ArraySlice<UInt8> {
    var start = startIndex
    while start < endIndex {
      let length = spaceLength(at: start)
      if length == 0 { break }
      start += length
    }
    return self[start...]
  }

  /// The slice without trailing white space.
  var withoutTrailingSpace: ArraySlice<UInt8> {
    var end = endIndex
    while end > startIndex {
      var start = end - 1
      while start > startIndex, self[start] & 0xC0 == 0x80 { start -= 1 }
      if spaceLength(at: start) == 0 { break }
      end = start
    }
    return self[..<end]
  }
}
