// Numbers as their decimal digits, so that bounds are compared digit by digit and exactly.

import JSON

/// A decimal number.
struct DecimalText: Hashable {
  let isNegative: Bool
  /// Digits before the point, `0` or without leading zeros.
  let integer: [UInt8]
  /// Digits after the point, without trailing zeros.
  let fraction: [UInt8]

  /// Nil for what is no number.
  init?(_ value: JSONValue) {
    switch value {
    case .integer(let value): self.init(text: "\(value)")
    case .largeInteger(let digits): self.init(text: digits)
    case .number(let value) where value.isFinite: self.init(text: "\(value)")
    default: return nil
    }
  }

  /// A bound, which lies within where the number may have been rounded when it was read.
  init?(bound value: JSONValue, isLower: Bool) {
    if case .number(let number) = value, value.isRounded {
      self.init(.number(isLower ? number.nextUp : number.nextDown))
    } else {
      self.init(value)
    }
  }

  /// Reads what Swift writes for numbers: `-1.5`, `1e+20`, `5e-324`.
  private init(text: String) {
    var mantissa = text[...]
    var exponent = 0
    if let mark = mantissa.firstIndex(of: "e") {
      exponent = Int(mantissa[mantissa.index(after: mark)...].drop { $0 == "+" }) ?? 0
      mantissa = mantissa[..<mark]
    }
    let isNegative = mantissa.first == "-"
    if isNegative { mantissa.removeFirst() }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    var before = parts[0].utf8.map { $0 - 48 }
    var after = parts.count > 1 ? parts[1].utf8.map { $0 - 48 } : []
    while exponent > 0 {
      before.append(after.isEmpty ? 0 : after.removeFirst())
      exponent -= 1
    }
    while exponent < 0 {
      after.insert(before.popLast() ?? 0, at: 0)
      exponent += 1
    }
    self.init(isNegative: isNegative, before, after)
  }

  init(isNegative: Bool, _ before: [UInt8], _ after: [UInt8]) {
    let integer = Array(before.drop { $0 == 0 })
    var fraction = after
    while fraction.last == 0 { fraction.removeLast() }
    self.integer = integer.isEmpty ? [0] : integer
    self.fraction = fraction
    self.isNegative = isNegative && !(integer.isEmpty && fraction.isEmpty)
  }

  /// Its one spelling: no exponent, no zeros that say nothing.
  var bytes: [UInt8] {
    (isNegative ? [UInt8(ascii: "-")] : []) + integer.map { $0 + 48 }
      + (fraction.isEmpty ? [] : [UInt8(ascii: ".")] + fraction.map { $0 + 48 })
  }

  var isZero: Bool { integer == [0] && fraction.isEmpty }

  /// As a whole number of at most `limit` with its count of places after the point.
  func scaled(limit: Int) -> (value: Int, places: Int)? {
    var value = 0
    for digit in integer + fraction {
      value = value * 10 + Int(digit)
      if value > limit { return nil }
    }
    return (value, fraction.count)
  }
}

extension JSONValue {
  /// Whether it is, or holds, a number that may not be what was written: one beyond 64 bits, written
  /// with an exponent, whose digits are not exactly its value.
  var isRounded: Bool {
    switch self {
    case .number(let number) where number.isFinite && number.magnitude >= 0x1p63:
      let digits = DecimalText(self)?.integer ?? []
      // So many always fit into 128 bits.
      guard digits.count <= 38 else { return true }
      return UInt128(number.magnitude) != digits.reduce(0) { $0 * 10 + UInt128($1) }
    case .array(let elements): return elements.contains(where: \.isRounded)
    case .object(let members): return members.contains { $0.value.isRounded }
    default: return false
    }
  }

  /// The value in the one spelling that answers have: no white space, members in their order.
  var canonicalUTF8: [UInt8] {
    var bytes: [UInt8] = []
    writeCanonical(into: &bytes)
    return bytes
  }

  private func writeCanonical(into bytes: inout [UInt8]) {
    switch self {
    case .integer(let value): bytes += "\(value)".utf8
    case .largeInteger, .number: bytes += DecimalText(self)?.bytes ?? []
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.writeCanonical(into: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += JSONValue.string(member.key).utf8() + [UInt8(ascii: ":")]
        member.value.writeCanonical(into: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    default: bytes += utf8()
    }
  }
}
