// Reading GBNF, llama.cpp's notation of grammars:
//
//   root ::= "yes" | "no" rest?     # rules; texts in quotes, alternatives, ? * + {2,5}, ( groups )
//   rest ::= [a-z0-9] [^\n]*        # classes of characters; . is any character
//
// A rule ends with its line, unless a group is open or the next line begins with |.

/// Reads a grammar whose rule `root` is what texts must be.
struct GrammarParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var store: TermStore
  private var rules: [String: (term: Term, isDefined: Bool, firstUse: Int)] = [:]

  private static let greatestDepth = 64

  static func parse(
    _ text: String, _ limits: ConstraintLimits
  ) throws(ConstraintError) -> (store: TermStore, root: Term) {
    var store = TermStore(limits)
    let root = try parse(text, into: &store)
    return (store, root)
  }

  /// Adds a grammar to a store, and gives its root.
  static func parse(
    _ text: String, into store: inout TermStore
  ) throws(ConstraintError) -> Term {
    var parser = GrammarParser(text, store.limits)
    swap(&parser.store, &store)
    defer { swap(&parser.store, &store) }
    return try parser.grammar()
  }

  private init(_ text: String, _ limits: ConstraintLimits) {
    scalars = Array(text.unicodeScalars)
    store = TermStore(limits)
  }

  private func error(
    _ code: ConstraintError.Code, _ message: String, at place: Int? = nil
  ) -> ConstraintError {
    let line = scalars[..<min(place ?? position, scalars.count)].count { $0 == "\n" } + 1
    return ConstraintError(code, at: "grammar, line \(line)", message)
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

  /// Skips spaces and comments, and ends of lines too if asked.
  private mutating func skipSpace(lines: Bool) {
    while let scalar = next {
      if scalar == "#" {
        while let scalar = next, scalar != "\n", scalar != "\r" { position += 1 }
      } else if scalar == " " || scalar == "\t" || lines && (scalar == "\n" || scalar == "\r") {
        position += 1
      } else {
        return
      }
    }
  }

  private mutating func grammar() throws(ConstraintError) -> Term {
    skipSpace(lines: true)
    while next != nil {
      let start = position
      guard let name = name() else { throw error(.syntax, "expected the name of a rule") }
      skipSpace(lines: false)
      guard take("::=") else { throw error(.syntax, "expected ::= after the name of a rule") }
      skipSpace(lines: true)
      let rule = try rule(named: name)
      guard rules[name]?.isDefined == false else {
        throw error(.syntax, "a rule is defined twice", at: start)
      }
      rules[name]?.isDefined = true
      store.define(rule, as: try choice(isNested: false))
      skipSpace(lines: true)
    }
    for rule in rules.values where !rule.isDefined {
      throw error(.undefined, "a rule is used that is not defined", at: rule.firstUse)
    }
    guard let root = rules["root"] else {
      throw ConstraintError(.undefined, at: "grammar", "it has no rule named root")
    }
    return root.term
  }

  private mutating func name() -> String? {
    let start = position
    while let scalar = next {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_": position += 1
      default: return start == position ? nil : text(from: start)
      }
    }
    return start == position ? nil : text(from: start)
  }

  private func text(from start: Int) -> String {
    String(String.UnicodeScalarView(scalars[start..<position]))
  }

  private mutating func rule(named name: String) throws(ConstraintError) -> Term {
    if let rule = rules[name] { return rule.term }
    let term = try store.rule(named: name)
    rules[name] = (term, false, position)
    return term
  }

  private mutating func choice(isNested: Bool) throws(ConstraintError) -> Term {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else {
      throw error(.tooComplex, "groups are nested deeper than \(Self.greatestDepth) levels")
    }
    var options = [try sequence(isNested: isNested)]
    while true {
      let end = position
      skipSpace(lines: true)
      guard take("|") else {
        position = end
        break
      }
      skipSpace(lines: true)
      options.append(try sequence(isNested: isNested))
    }
    return try store.either(options)
  }

  private mutating func sequence(isNested: Bool) throws(ConstraintError) -> Term {
    var parts: [Term] = []
    while true {
      skipSpace(lines: isNested)
      guard let part = try atom() else { break }
      skipSpace(lines: isNested)
      parts.append(try repeated(part))
    }
    return try store.sequence(parts)
  }

  /// Nil where no part of a sequence follows.
  private mutating func atom() throws(ConstraintError) -> Term? {
    switch next {
    case "\"":
      position += 1
      return try literal()
    case "[":
      position += 1
      return try Spelling.plain.term(of: try characterClass(), in: &store)
    case ".":
      position += 1
      return try Spelling.plain.term(of: .all, in: &store)
    case "(":
      position += 1
      let body = try choice(isNested: true)
      skipSpace(lines: true)
      guard take(")") else { throw error(.syntax, "a closing parenthesis is missing") }
      return body
    case "<", "!":
      throw error(.unsupported, "tokens cannot be named: write the text that they stand for")
    default:
      guard let name = name() else {
        guard next == nil || next == "\n" || next == "\r" || next == "|" || next == ")" else {
          throw error(.syntax, "expected a text, a class, a group or the name of a rule")
        }
        return nil
      }
      return try rule(named: name)
    }
  }

  private mutating func repeated(_ part: Term) throws(ConstraintError) -> Term {
    var part = part
    while true {
      if take("*") {
        part = try store.times(part, 0, unbounded)
      } else if take("+") {
        part = try store.times(part, 1, unbounded)
      } else if take("?") {
        part = try store.times(part, 0, 1)
      } else if take("{") {
        skipSpace(lines: true)
        let given = try number()
        let least = given ?? 0
        skipSpace(lines: true)
        var most = least
        if take(",") {
          skipSpace(lines: true)
          most = try number() ?? unbounded
          skipSpace(lines: true)
        } else if given == nil {
          throw error(.syntax, "expected { least , most }")
        }
        guard take("}") else { throw error(.syntax, "expected { least , most }") }
        guard least <= most else { throw error(.syntax, "the bounds are in the wrong order") }
        part = try store.times(part, least, most)
      } else {
        return part
      }
    }
  }

  private mutating func number() throws(ConstraintError) -> Int32? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1 << 24)
      position += 1
    }
    if let value, value > ExpressionParser.mostRepetitions {
      throw error(
        .tooComplex, "more than \(ExpressionParser.mostRepetitions) repetitions are asked for")
    }
    return value.map { Int32($0) }
  }

  // MARK: Characters

  private mutating func literal() throws(ConstraintError) -> Term {
    var text = String.UnicodeScalarView()
    while let scalar = next, scalar != "\"" {
      position += 1
      text.append(scalar == "\\" ? try escape() : scalar)
    }
    guard take("\"") else { throw error(.syntax, "a text has no closing quote") }
    return try store.text(String(text))
  }

  private mutating func characterClass() throws(ConstraintError) -> ScalarSet {
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]" {
      position += 1
      let first = scalar == "\\" ? try escape() : scalar
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        ranges.append(first.value...first.value)
        continue
      }
      position += 1
      let bound = scalars[position]
      position += 1
      let last = bound == "\\" ? try escape() : bound
      guard first <= last else { throw error(.syntax, "a range is in the wrong order") }
      ranges.append(first.value...last.value)
    }
    guard take("]") else { throw error(.syntax, "a class of characters has no end") }
    let set = ScalarSet(ranges)
    return isNegated ? set.complement : set.intersection(.all)
  }

  private mutating func escape() throws(ConstraintError) -> Unicode.Scalar {
    guard let scalar = next else { throw error(.syntax, "a backslash stands at the end") }
    position += 1
    switch scalar {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "U": return try hexadecimal(8)
    case "\\", "\"", "[", "]", "-", "^", "/", "'", "|", ".", "*", "+", "?", "(", ")", "{", "}":
      return scalar
    default: throw error(.syntax, "an escape must be one of n r t x u U \\ \" [ ]")
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(ConstraintError) -> Unicode.Scalar {
    var value: UInt64 = 0
    for _ in 0..<count {
      guard let scalar = next, scalar.isASCII, let digit = Character(scalar).hexDigitValue else {
        throw error(.syntax, "expected \(count) hexadecimal digits")
      }
      position += 1
      value = value << 4 | UInt64(digit)
    }
    guard value <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(value)) else {
      throw error(.syntax, "an escape names no character")
    }
    return scalar
  }
}
