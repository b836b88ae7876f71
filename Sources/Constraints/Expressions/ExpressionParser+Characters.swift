// Sets of characters in regular expressions: classes and escapes.

extension ExpressionParser {
  /// What follows `[`.
  mutating func characterClass() throws(ConstraintError) -> ScalarSet {
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while true {
      guard let scalar = next else { throw error(.syntax, "a class of characters has no end") }
      position += 1
      if scalar == "]" { break }
      let first = scalar == "\\" ? try escape(inClass: true) : ScalarSet([scalar])
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        ranges += first.ranges
        continue
      }
      position += 1
      guard let bound = next else { throw error(.syntax, "a class of characters has no end") }
      position += 1
      let last = bound == "\\" ? try escape(inClass: true) : ScalarSet([bound])
      guard let low = first.single, let high = last.single else {
        // A set beside a hyphen: the hyphen is a character.
        ranges += first.ranges + last.ranges + [0x2D...0x2D]
        continue
      }
      guard low <= high else { throw error(.syntax, "a range is in the wrong order") }
      ranges.append(low...high)
    }
    let set = ScalarSet(ranges)
    return isNegated ? set.complement : set.intersection(.all)
  }

  /// What follows a backslash.
  mutating func escape(inClass: Bool) throws(ConstraintError) -> ScalarSet {
    guard let scalar = next else { throw error(.syntax, "a backslash stands at the end") }
    position += 1
    func only(_ codePoint: UInt32) -> ScalarSet { ScalarSet([codePoint...codePoint]) }
    switch scalar {
    case "d": return .digits
    case "D": return ScalarSet.digits.complement
    case "w": return .wordCharacters
    case "W": return ScalarSet.wordCharacters.complement
    case "s": return .whiteSpace
    case "S": return ScalarSet.whiteSpace.complement
    case "t": return only(0x09)
    case "n": return only(0x0A)
    case "v": return only(0x0B)
    case "f": return only(0x0C)
    case "r": return only(0x0D)
    case "b" where inClass: return only(0x08)
    case "0" where next.map { !ScalarSet.digits.contains($0) } ?? true: return only(0)
    case "b", "B": throw error(.unsupported, "word boundaries cannot be enforced")
    case "0"..."9", "k": throw error(.unsupported, "references to groups cannot be enforced")
    case "c":
      guard let letter = next, letter.isASCII, letter.properties.isAlphabetic else {
        throw error(.syntax, "\\c must be followed by a letter")
      }
      position += 1
      return only(letter.value & 31)
    case "x": return only(try hexadecimal(2))
    case "u": return only(try codePoint())
    case "p", "P":
      let set = try property()
      try count(set)
      return scalar == "P" ? set.complement : set
    case "A"..."Z", "a"..."z":
      throw error(.unsupported, "the escape of this letter is not part of ECMA-262")
    default: return ScalarSet([scalar])
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(ConstraintError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
        throw error(.syntax, "expected \(count) hexadecimal digits")
      }
      position += 1
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// What follows `\u`: four digits, a pair of surrogates, or any number of digits in braces.
  private mutating func codePoint() throws(ConstraintError) -> UInt32 {
    if take("{") {
      var value: UInt32 = 0
      while let scalar = next, let digit = Character(scalar).hexDigitValue, value <= 0x10FFFF {
        value = value << 4 | UInt32(digit)
        position += 1
      }
      guard take("}"), Unicode.Scalar(value) != nil else {
        throw error(.syntax, "\\u{…} must name a code point")
      }
      return value
    }
    let first = try hexadecimal(4)
    if (0xD800..<0xDC00).contains(first), take("\\u") {
      let second = try hexadecimal(4)
      if (0xDC00..<0xE000).contains(second) {
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
      }
      throw error(.unsupported, "half of a surrogate pair is no character")
    }
    guard Unicode.Scalar(first) != nil else {
      throw error(.unsupported, "half of a surrogate pair is no character")
    }
    return first
  }

  private mutating func property() throws(ConstraintError) -> ScalarSet {
    guard take("{") else { throw error(.syntax, "\\p must be followed by a name in braces") }
    var name = ""
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard take("}"), let set = ScalarSet.property(named: name) else {
      throw error(
        .unsupported, "\\p{…} can name a general category of Unicode, ASCII or Any, nothing else")
    }
    return set
  }
}

extension ScalarSet {
  /// Its only member, if it has one alone.
  fileprivate var single: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}
