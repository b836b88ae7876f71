// Numbers as texts: those within bounds, and multiples, as automata over decimal digits.

/// Makes automata of numbers in their one spelling: no exponent, no needless zeros, no `-0`.
struct NumberTexts {
  let limits: ConstraintLimits
  /// Digits after the point; nil for no bound.
  var mostPlaces: Int?

  /// The largest factor that multiples can be asked of, its point left out.
  private static let greatestFactor = 4_096
  private static let mostDigits = 400

  static let integerPattern = "0|-?[1-9][0-9]*"

  static func pattern(mostPlaces: Int?) -> String {
    let zeros = mostPlaces.map { "{0,\($0 - 1)}" } ?? "*"
    return integerPattern + "|-?(?:0|[1-9][0-9]*)\\.[0-9]\(zeros)[1-9]"
  }

  func all() throws(ConstraintError) -> Automaton {
    guard mostPlaces != nil else { return try CommonAutomata.numbers() }
    return try automaton(Self.pattern(mostPlaces: mostPlaces))
  }

  private func automaton(_ pattern: String) throws(ConstraintError) -> Automaton {
    let expression = try ExpressionParser.parse(pattern)
    return try Automaton(limits) { store throws(ConstraintError) in
      try expression.term(.plain, isSearch: false, in: &store)
    }
  }

  /// Texts with at most `digits` digits before the point, and as many after it.
  func short(_ digits: Int) throws(ConstraintError) -> Automaton {
    try automaton("-?[0-9]{1,\(digits)}(?:\\.[0-9]{1,\(digits)})?")
  }

  /// Numbers from `bound` on, or greater than it; also texts that are no number's spelling.
  func atLeast(
    _ bound: DecimalText, isExclusive: Bool
  ) throws(ConstraintError) -> Automaton {
    guard bound.integer.count + bound.fraction.count <= Self.mostDigits else {
      throw ConstraintError(.tooComplex, "a bound has more than \(Self.mostDigits) digits")
    }
    let any = "(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?"
    if !bound.isNegative { return try automaton(greater(bound, orEqual: !isExclusive)) }
    // Above a negative number: what is not negative, and what is less without the sign.
    let all = try automaton("-?" + any)
    let below = try automaton("-(?:" + greater(bound, orEqual: isExclusive) + ")")
    return try all.subtracting(below, limits)
  }

  /// A pattern of numbers without sign above `bound`, whose sign does not count.
  private func greater(_ bound: DecimalText, orEqual: Bool) -> String {
    let digits = bound.integer.map { Int($0) }
    let places = bound.fraction.map { Int($0) }
    let anyPlaces = "(?:\\.[0-9]+)?"
    var options = ["[1-9][0-9]{\(digits.count),}" + anyPlaces]
    var prefix = ""
    for (index, digit) in digits.enumerated() {
      if digit < 9 {
        options.append(
          "\(prefix)[\(digit + 1)-9][0-9]{\(digits.count - index - 1)}" + anyPlaces)
      }
      prefix += "\(digit)"
    }
    if places.isEmpty {
      // A fraction in its one spelling is not zero.
      options.append(prefix + (orEqual ? anyPlaces : "\\.[0-9]+"))
    } else {
      prefix += "\\."
      for digit in places {
        if digit < 9 { options.append("\(prefix)[\(digit + 1)-9][0-9]*") }
        prefix += "\(digit)"
      }
      options.append(prefix + (orEqual ? "[0-9]*" : "[0-9]+"))
    }
    return options.joined(separator: "|")
  }

  /// Multiples of `factor`, zero among them; also texts that are no number's spelling.
  func multiples(of factor: DecimalText) throws(ConstraintError) -> Automaton {
    guard let (modulus, places) = factor.scaled(limit: Self.greatestFactor) else {
      throw ConstraintError(
        .tooComplex, "multiples of numbers above \(Self.greatestFactor) are not supported")
    }
    // x is a multiple if its digits, filled up with zeros to `places` places, are one of `modulus`.
    // A state is a remainder and the places read; then beginnings and the end of zero places.
    let digits = (0...9).map { ByteSet([UInt8($0) + 48]) }
    let classes = ByteClasses(digits + [ByteSet([0x2D]), ByteSet([0x2E])])
    var next: [Int32] = []
    var accepting: [Bool] = []
    func number(_ remainder: Int, _ read: Int) -> Int { 2 + read * modulus + remainder }
    let filled = (0...places).map { read in
      (0..<places - read).reduce(1) { value, _ in value * 10 % modulus }
    }
    // States 0 and 1: at the beginning, and after a minus sign. Then for each count of places read
    // (0: none and no point; 1...: the point and one place less) all remainders.
    let stateCount = 2 + (places + 2) * modulus
    try Automaton.check(stateCount, classes.count, limits)
    for state in 0..<stateCount {
      let isBeginning = state < 2
      let stage = isBeginning ? 0 : (state - 2) / modulus
      let remainder = isBeginning ? 0 : (state - 2) % modulus
      let read = max(0, stage - 1)
      accepting.append(!isBeginning && remainder * filled[read] % modulus == 0)
      for byte in classes.representatives {
        switch byte {
        case 0x30...0x39:
          let value = (remainder * 10 + Int(byte - 0x30)) % modulus
          let target = stage == 0 ? 0 : stage + 1
          next.append(target > places + 1 ? -1 : Int32(number(value, target)))
        case 0x2D: next.append(state == 0 ? 1 : -1)
        case 0x2E:
          next.append(stage == 0 && !isBeginning && places > 0 ? Int32(number(remainder, 1)) : -1)
        default: next.append(-1)
        }
      }
    }
    return Automaton(classes: classes, next: next, accepting: accepting)
  }
}
