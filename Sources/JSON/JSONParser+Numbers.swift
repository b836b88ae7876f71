// Numbers: the grammar first, then the value.

extension JSONParser {
  /// The number whose first byte is next.
  mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = skip(UInt8(ascii: "-"))
    let firstDigit = position
    let digits = skipDigits()
    if digits == 0 { throw invalidNumber("a digit") }
    if digits > 1, bytes[firstDigit] == UInt8(ascii: "0") {
      throw error(.invalidNumber, "a number must not begin with a zero", at: firstDigit)
    }
    var isInteger = true
    if skip(UInt8(ascii: ".")) {
      isInteger = false
      if skipDigits() == 0 { throw invalidNumber("a digit after the decimal point") }
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isInteger = false
      if !skip(UInt8(ascii: "-")) { _ = skip(UInt8(ascii: "+")) }
      if skipDigits() == 0 { throw invalidNumber("a digit in the exponent") }
    }
    if isInteger, let value = integer(firstDigit..<position, isNegative: isNegative) {
      return .integer(value)
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw error(.numberOutOfRange, "a number is outside the range of Double", at: start)
    }
    return isInteger ? .largeInteger(text) : .number(value)
  }

  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int64? {
    var value: Int64 = 0
    for byte in bytes[digits] {
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, tooLargeNow) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if tooLarge || tooLargeNow { return nil }
      value = sum
    }
    return value
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      position += 1
    }
    return position - start
  }

  private func invalidNumber(_ expected: String) -> JSONError {
    position < bytes.count
      ? error(.invalidNumber, "expected \(expected), found \(found())") : unexpected(expected)
  }
}
