// Numbers with a given number of digits: rounded from their exact value, as C's `printf` does.

/// The exact decimal digits of a number that is not negative: a double has at most 767 of them.
struct TemplateDecimal {
  /// From the first that is not 0; none for 0.
  private var digits: [UInt8] = []
  /// How many of `digits` stand before the point: less than 0 or more than there are where zeros
  /// lie between.
  private var pointPlace = 0

  /// The digits of the magnitude of a finite number.
  init(_ value: Double) {
    guard value != 0 else { return }
    let isNormal = value.exponentBitPattern > 0
    var mantissa = value.significandBitPattern | (isNormal ? 1 << 52 : 0)
    var exponent = max(1, Int(value.exponentBitPattern)) - 1075
    let shift = min(mantissa.trailingZeroBitCount, max(0, -exponent))
    mantissa >>= UInt64(shift)
    exponent += shift
    // Nine digits a limb, the lowest first.
    var limbs: [UInt32] = []
    while mantissa > 0 {
      limbs.append(UInt32(mantissa % 1_000_000_000))
      mantissa /= 1_000_000_000
    }
    // m / 2^n is m × 5^n / 10^n.
    let factor: UInt64 = exponent < 0 ? 5 : 2
    var left = abs(exponent)
    while left > 0 {
      let count = min(left, 12)
      let power = (0..<count).reduce(UInt64(1)) { product, _ in product * factor }
      var carry: UInt64 = 0
      for index in limbs.indices {
        carry += UInt64(limbs[index]) * power
        limbs[index] = UInt32(carry % 1_000_000_000)
        carry /= 1_000_000_000
      }
      if carry > 0 { limbs.append(UInt32(carry)) }
      left -= count
    }
    var text = String(limbs.removeLast())
    for limb in limbs.reversed() {
      let part = String(limb)
      text += String(repeating: "0", count: 9 - part.utf8.count) + part
    }
    digits = text.utf8.map { $0 - UInt8(ascii: "0") }
    pointPlace = digits.count + min(exponent, 0)
  }

  /// What making the digits costs, in steps of a template's budget.
  static func steps(_ value: Double) -> Int {
    let exponent = Int(value.exponentBitPattern) - 1075
    return 20 + (exponent * exponent) >> 12
  }

  /// The power of ten of the first digit; 0 for 0.
  var exponent: Int { digits.isEmpty ? 0 : pointPlace - 1 }

  /// Keeps the first `count` digits; ties go to the even one.
  mutating func round(to count: Int) {
    guard count < digits.count else { return }
    guard count >= 0 else {
      digits = []
      return
    }
    let isTie = digits[count] == 5 && digits[(count + 1)...].allSatisfy { $0 == 0 }
    let isOdd = count > 0 && digits[count - 1] % 2 == 1
    var isUp = isTie ? isOdd : digits[count] >= 5
    digits.removeSubrange(count...)
    for place in digits.indices.reversed() where isUp {
      isUp = digits[place] == 9
      digits[place] = isUp ? 0 : digits[place] + 1
    }
    if isUp {
      digits.insert(1, at: 0)
      pointPlace += 1
    }
  }

  /// `123.45`: `decimals` digits behind the point.
  func fixed(_ decimals: Int) -> String {
    var rounded = self
    rounded.round(to: pointPlace + decimals)
    let place = rounded.digits.isEmpty ? 0 : rounded.pointPlace
    let whole = place > 0 ? rounded.text(0..<place) : "0"
    return decimals > 0 ? whole + "." + rounded.text(place..<(place + decimals)) : whole
  }

  /// `1.2345e+02`: `decimals` digits behind the point.
  func scientific(_ decimals: Int) -> String {
    var rounded = self
    rounded.round(to: decimals + 1)
    let exponent = rounded.exponent
    let mantissa =
      rounded.text(0..<1) + (decimals > 0 ? "." + rounded.text(1..<(decimals + 1)) : "")
    let size = String(abs(exponent))
    return mantissa + (exponent < 0 ? "e-" : "e+") + (size.utf8.count < 2 ? "0" : "") + size
  }

  /// C's `%g`: fixed or scientific, whichever suits the exponent, with `count` digits in all.
  /// `keepsZeros` at the end; `endsInPoint`: Python's way for no type at all, where whole numbers
  /// end in `.0`.
  func general(_ count: Int, keepsZeros: Bool, endsInPoint: Bool = false) -> String {
    let count = max(count, 1)
    var rounded = self
    rounded.round(to: count)
    let exponent = rounded.exponent
    let isFixed = exponent >= -4 && exponent < count - (endsInPoint ? 1 : 0)
    let text =
      isFixed ? rounded.fixed(count - 1 - exponent) : rounded.scientific(count - 1)
    if keepsZeros { return text }
    let parts = text.split(separator: "e")
    var mantissa = parts[0]
    if mantissa.contains(".") {
      while mantissa.last == "0" { mantissa.removeLast() }
      if mantissa.last == "." { mantissa.removeLast() }
    }
    if endsInPoint, isFixed, !mantissa.contains(".") { mantissa += ".0" }
    return mantissa + (parts.count > 1 ? "e" + parts[1] : "")
  }

  /// The digits of a range of places, 0 where there are none.
  private func text(_ places: Range<Int>) -> String {
    let shown = places.map { digits.indices.contains($0) ? digits[$0] : 0 }
    return String(decoding: shown.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
  }
}
