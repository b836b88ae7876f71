// Reading regular expressions: the part of ECMA-262 (with the flag u) that is regular.

/// Reads a regular expression. Not accepted, as no automaton can be made of them: references to
/// groups, looking ahead and behind, and word boundaries.
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var rangeCount = 0

  private static let greatestDepth = 64
  /// The largest number of repetitions.
  static let mostRepetitions = 1_000_000
  private static let mostCharacters = 65_536
  /// Ranges of characters in all sets together: each is spelled in bytes. `\p{L}` has 700.
  private static let mostRanges = 262_144

  static func parse(_ pattern: String) throws(ConstraintError) -> Expression {
    var parser = ExpressionParser(scalars: Array(pattern.unicodeScalars))
    guard parser.scalars.count <= mostCharacters else {
      throw ConstraintError(
        .tooComplex, "a regular expression is longer than \(mostCharacters) characters")
    }
    let expression = try parser.choice()
    if parser.position < parser.scalars.count {
      throw parser.error(.syntax, "a closing parenthesis has no opening one")
    }
    return expression
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private func error(_ code: ConstraintError.Code, _ message: String) -> ConstraintError {
    ConstraintError(code, at: "regular expression, character \(position + 1)", message)
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    var end = position
    for scalar in text.unicodeScalars {
      guard end < scalars.count, scalars[end] == scalar else { return false }
      end += 1
    }
    position = end
    return true
  }

  private mutating func choice() throws(ConstraintError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else {
      throw error(.tooComplex, "groups are nested deeper than \(Self.greatestDepth) levels")
    }
    var options = [try sequence()]
    while take("|") { options.append(try sequence()) }
    return options.count == 1 ? options[0] : .choice(options)
  }

  private mutating func sequence() throws(ConstraintError) -> Expression {
    var parts: [Expression] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      parts.append(try quantified(try atom()))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom() throws(ConstraintError) -> Expression {
    guard let scalar = next else { throw error(.syntax, "something is missing at the end") }
    switch scalar {
    case "(":
      position += 1
      try groupKind()
      let body = try choice()
      guard take(")") else { throw error(.syntax, "a closing parenthesis is missing") }
      return body
    case "[":
      position += 1
      return try characters(try characterClass())
    case ".":
      position += 1
      return try characters(ScalarSet.lineEnds.complement)
    case "^":
      position += 1
      return .beginning
    case "$":
      position += 1
      return .end
    case "*", "+", "?": throw error(.syntax, "there is nothing to repeat")
    case "\\":
      position += 1
      return try characters(try escape(inClass: false))
    default:
      position += 1
      return try characters(ScalarSet([scalar]))
    }
  }

  private mutating func characters(_ set: ScalarSet) throws(ConstraintError) -> Expression {
    try count(set)
    return .characters(set)
  }

  private mutating func count(_ set: ScalarSet) throws(ConstraintError) {
    rangeCount += set.ranges.count
    guard rangeCount <= Self.mostRanges else {
      throw error(.tooComplex, "its sets have more than \(Self.mostRanges) ranges of characters")
    }
  }

  private mutating func groupKind() throws(ConstraintError) {
    guard take("?") else { return }
    if take(":") { return }
    if take("=") || take("!") || take("<=") || take("<!") {
      throw error(.unsupported, "looking ahead or behind cannot be enforced")
    }
    guard take("<") else { throw error(.unsupported, "flags of groups are not supported") }
    while let scalar = next, scalar != ">" {
      guard ScalarSet.wordCharacters.contains(scalar) || scalar == "$" else {
        throw error(.syntax, "a group's name has letters, digits, _ and $")
      }
      position += 1
    }
    guard take(">") else { throw error(.syntax, "a group's name has no end") }
  }

  private mutating func quantified(_ body: Expression) throws(ConstraintError) -> Expression {
    var bounds: (least: Int32, most: Int32)?
    if take("*") {
      bounds = (0, unbounded)
    } else if take("+") {
      bounds = (1, unbounded)
    } else if take("?") {
      bounds = (0, 1)
    } else if next == "{" {
      bounds = try counts()
    }
    guard let bounds else { return body }
    _ = take("?")
    if body == .beginning || body == .end {
      throw error(.syntax, "^ and $ cannot be repeated")
    }
    if let next, next == "*" || next == "+" || next == "?" {
      throw error(.syntax, "there is nothing to repeat")
    }
    return .times(body, least: bounds.least, most: bounds.most)
  }

  /// `{2}`, `{2,}` or `{2,5}`; nil where the brace stands for itself.
  private mutating func counts() throws(ConstraintError) -> (least: Int32, most: Int32)? {
    let start = position
    position += 1
    guard let least = try number() else {
      if next == ",", position + 1 < scalars.count, ScalarSet.digits.contains(scalars[position + 1])
      {
        throw error(.syntax, "some read {,n} as a repetition and others as a text: write {0,n}")
      }
      position = start
      // A brace that begins no quantifier is read as a character by `atom`.
      return nil
    }
    var most = least
    if take(",") { most = try number() ?? unbounded }
    guard take("}") else {
      position = start
      return nil
    }
    guard least <= most else { throw error(.syntax, "the bounds are in the wrong order") }
    return (least, most)
  }

  private mutating func number() throws(ConstraintError) -> Int32? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), Self.mostRepetitions + 1)
      position += 1
    }
    if let value, value > Self.mostRepetitions {
      throw error(.tooComplex, "more than \(Self.mostRepetitions) repetitions are asked for")
    }
    return value.map { Int32($0) }
  }
}

// MARK: - Characters

extension ExpressionParser {
  /// What follows `[`.
  private mutating func characterClass() throws(ConstraintError) -> ScalarSet {
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
  private mutating func escape(inClass: Bool) throws(ConstraintError) -> ScalarSet {
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
