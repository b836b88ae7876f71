// Base 62 in fixed widths: the alphabet of API keys, which no tool breaks at and a double click selects whole.

/// Numbers as digits `0-9A-Za-z`, most significant first.
enum Base62 {
  private static let alphabet = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  /// The big-endian number `bytes` in exactly `width` digits; what does not fit is cut at the top.
  static func digits(_ bytes: some Collection<UInt8>, width: Int) -> [UInt8] {
    var number = Array(bytes)
    var digits = [UInt8](repeating: alphabet[0], count: width)
    for place in stride(from: width - 1, through: 0, by: -1) {
      var remainder = 0
      for index in number.indices {
        let value = remainder << 8 | Int(number[index])
        number[index] = UInt8(value / 62)
        remainder = value % 62
      }
      digits[place] = alphabet[remainder]
    }
    return digits
  }

  /// A number in exactly `width` digits; what does not fit is cut at the top.
  static func digits(_ number: UInt64, width: Int) -> [UInt8] {
    var rest = number
    var digits = [UInt8](repeating: alphabet[0], count: width)
    for place in stride(from: width - 1, through: 0, by: -1) {
      digits[place] = alphabet[Int(rest % 62)]
      rest /= 62
    }
    return digits
  }

  /// Whether every byte is a digit.
  static func isValid(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.allSatisfy {
      switch $0 {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: false
      }
    }
  }
}
