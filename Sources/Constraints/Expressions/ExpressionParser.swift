// Reading regular expressions: the part of ECMA-262 (with the flag u) that is regular.

/// Reads a regular expression. Not accepted, as no automaton can be made of them: references to
/// groups, looking behind, and word boundaries. Looking ahead is, where `Expression` says.
struct ExpressionParser {
  let scalars: [Unicode.Scalar]
  var position = 0
  private var depth = 0
  private var rangeCount = 0
  private var aheadCount = 0

  private static let greatestDepth = 64
  /// The largest number of repetitions.
  static let mostRepetitions = 1_000_000
  private static let mostCharacters = 65_536
  /// Ranges of characters in all sets together: each is spelled in bytes. `\p{L}` has 700.
  private static let mostRanges = 262_144
  /// Places that look ahead: each takes an automaton of its own.
  private static let mostAheads = 8

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

  func error(_ code: ConstraintError.Code, _ message: String) -> ConstraintError {
    ConstraintError(code, at: "regular expression, character \(position + 1)", message)
  }

  var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  mutating func take(_ text: String) -> Bool {
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
      let isPositive = try groupKind()
      let body = try choice()
      guard take(")") else { throw error(.syntax, "a closing parenthesis is missing") }
      return isPositive.map { .ahead(body, isPositive: $0) } ?? body
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

  mutating func count(_ set: ScalarSet) throws(ConstraintError) {
    rangeCount += set.ranges.count
    guard rangeCount <= Self.mostRanges else {
      throw error(.tooComplex, "its sets have more than \(Self.mostRanges) ranges of characters")
    }
  }

  /// Reads what stands behind `(`. True and false for a group that looks ahead, for what must be
  /// there and for what must not; nil for any other.
  private mutating func groupKind() throws(ConstraintError) -> Bool? {
    guard take("?") else { return nil }
    if take(":") { return nil }
    if next == "=" || next == "!" {
      aheadCount += 1
      guard aheadCount <= Self.mostAheads else {
        throw error(.tooComplex, "it looks ahead at more than \(Self.mostAheads) places")
      }
      defer { position += 1 }
      return next == "="
    }
    if take("<=") || take("<!") {
      throw error(.unsupported, "looking behind cannot be enforced")
    }
    guard take("<") else { throw error(.unsupported, "flags of groups are not supported") }
    while let scalar = next, scalar != ">" {
      guard ScalarSet.wordCharacters.contains(scalar) || scalar == "$" else {
        throw error(.syntax, "a group's name has letters, digits, _ and $")
      }
      position += 1
    }
    guard take(">") else { throw error(.syntax, "a group's name has no end") }
    return nil
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
