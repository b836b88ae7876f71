// The pattern language of the pre-tokenizers: the part of regular expressions that they use.
//
//   x  \n  \.         a character, itself or escaped (\n \r \t, \u{200D}, else literally)
//   [a-z\p{L}\s]      a set; [^...] its complement; [...--...] the first without the second
//   \p{L} \p{Lu} \s   a Unicode category by the beginning of its name, white space
//   ab  a|b  (a)      sequence; choice, the first that matches wins; grouping
//   ? * + {2} {1,3}   repetition, as often as possible
//   (?!\S)            only where white space or the end follows
//
// There is nothing that needs backtracking over more than the automaton can keep in one state.

/// A parsed pattern.
indirect enum Pattern {
  case set(CodePointSet)
  case sequence([Pattern])
  case choice([Pattern])
  case repetition(Pattern, least: Int, most: Int?)
  case beforeWhiteSpaceOrEnd
}

/// Reads a pattern. Patterns are part of this program, so a malformed one is a programmer's mistake.
struct PatternParser {
  private let text: [Unicode.Scalar]
  private var position = 0

  /// The pattern that `text` spells.
  static func parse(_ text: String) -> Pattern {
    var parser = PatternParser(text: Array(text.unicodeScalars))
    let pattern = parser.choice()
    precondition(parser.position == parser.text.count, "pattern ends early: \(text)")
    return pattern
  }

  private init(text: [Unicode.Scalar]) { self.text = text }

  private func looksAt(_ literal: String) -> Bool {
    text[position...].starts(with: literal.unicodeScalars)
  }

  private mutating func skip(_ literal: String) -> Bool {
    guard looksAt(literal) else { return false }
    position += literal.unicodeScalars.count
    return true
  }

  private mutating func expect(_ literal: String) {
    precondition(skip(literal), "pattern lacks \(literal)")
  }

  private mutating func choice() -> Pattern {
    var options = [sequence()]
    while skip("|") { options.append(sequence()) }
    return options.count == 1 ? options[0] : .choice(options)
  }

  private mutating func sequence() -> Pattern {
    var parts: [Pattern] = []
    while position < text.count, !looksAt("|"), !looksAt(")") {
      parts.append(repetition(of: item()))
    }
    return .sequence(parts)
  }

  private mutating func repetition(of item: Pattern) -> Pattern {
    if skip("?") { return .repetition(item, least: 0, most: 1) }
    if skip("*") { return .repetition(item, least: 0, most: nil) }
    if skip("+") { return .repetition(item, least: 1, most: nil) }
    guard skip("{") else { return item }
    let least = number()
    let most = skip(",") ? number() : least
    expect("}")
    return .repetition(item, least: least, most: most)
  }

  private mutating func number() -> Int {
    var value = 0
    while let digit = text[position].properties.numericValue {
      value = value * 10 + Int(digit)
      position += 1
    }
    return value
  }

  private mutating func item() -> Pattern {
    if skip("(?!\\S)") { return .beforeWhiteSpaceOrEnd }
    if skip("(") {
      let inner = choice()
      expect(")")
      return inner
    }
    if skip("[") { return .set(bracketed()) }
    return .set(member())
  }

  /// The rest of a set after its opening bracket.
  private mutating func bracketed() -> CodePointSet {
    let isComplement = skip("^")
    var set = CodePointSet()
    while !looksAt("]"), !looksAt("--[") {
      let first = member()
      if looksAt("-"), !looksAt("--["), text[position + 1] != "]" {
        position += 1
        set = set.union(
          CodePointSet([first.ranges[0].lowerBound...member().ranges[0].upperBound]))
      } else {
        set = set.union(first)
      }
    }
    if isComplement { set = set.complement }
    if skip("--[") { set = set.subtracting(bracketed()) }
    expect("]")
    return set
  }

  /// One character or a named set.
  private mutating func member() -> CodePointSet {
    let scalar = text[position]
    position += 1
    guard scalar == "\\" else { return CodePointSet([scalar.value...scalar.value]) }
    let escaped = text[position]
    position += 1
    switch escaped {
    case "s": return .whiteSpace
    case "p":
      let name = braced()
      return .category(name)
    case "u":
      let value = UInt32(braced(), radix: 16) ?? 0
      return CodePointSet([value...value])
    case "n": return CodePointSet([0x0A...0x0A])
    case "r": return CodePointSet([0x0D...0x0D])
    case "t": return CodePointSet([0x09...0x09])
    default: return CodePointSet([escaped.value...escaped.value])
    }
  }

  private mutating func braced() -> String {
    expect("{")
    var name = ""
    while !skip("}") {
      name.unicodeScalars.append(text[position])
      position += 1
    }
    return name
  }
}
