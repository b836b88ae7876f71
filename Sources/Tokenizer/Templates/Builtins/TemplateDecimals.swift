// Numbers with a given number of decimal places.

extension Double {
  /// The most decimal places that `fixed` gives: more than any text for people needs.
  static let mostDecimals = 20

  /// The number with `decimals` places (at most `mostDecimals`), rounded from its exact value, ties
  /// to even, as C's `printf` does.
  func fixed(_ decimals: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let decimals = Swift.min(Swift.max(decimals, 0), Self.mostDecimals)
    var whole = magnitude.rounded(.down)
    var digits: [UInt8] = []
    var isUp: Bool
    // The fraction is mantissa / 2^shift, exactly; one too small for that is 0 in 20 places.
    let fraction = magnitude - whole
    if fraction < 0x1p-70 {
      digits = Array(repeating: 0, count: decimals)
      isUp = false
    } else {
      let shift = 52 - Int(fraction.exponent)
      var rest = UInt128(fraction.significandBitPattern | 1 << 52)
      let one = UInt128(1) << UInt128(shift)
      for _ in 0..<decimals {
        rest *= 10
        digits.append(UInt8(rest / one))
        rest %= one
      }
      let isOdd =
        (digits.last.map { $0 % 2 == 1 }) ?? (whole.truncatingRemainder(dividingBy: 2) == 1)
      isUp = rest * 2 > one || rest * 2 == one && isOdd
    }
    for place in digits.indices.reversed() where isUp {
      isUp = digits[place] == 9
      digits[place] = isUp ? 0 : digits[place] + 1
    }
    if isUp { whole += 1 }
    let text = whole < 0x1p63 ? String(UInt64(whole)) : String(whole.pythonDigits)
    let point = decimals > 0 ? "." : ""
    return (sign == .minus ? "-" : "") + text + point
      + String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
  }

  /// The digits of a whole number that has no fraction: the shortest that name it, then zeros.
  private var pythonDigits: String {
    let parts = description.split(separator: "e")
    let digits = parts[0].replacing(".", with: "")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : digits.count - 2
    return digits.prefix(exponent + 1)
      + String(repeating: "0", count: Swift.max(0, exponent + 1 - digits.count))
  }
}
