// Strings and numbers of a branch: automata, as their conditions must hold together.

import JSON

extension SchemaCompiler {
  // MARK: Strings

  /// Strings, with their quotes.
  mutating func stringTerm(_ branch: SchemaBranch) throws(ConstraintError) -> Term {
    let most = branch.maxLength ?? Int(unbounded)
    guard branch.minLength <= most else { return .never }
    let quote = try store.text("\"")
    let body: Term
    if let expression = boundedExpression(branch, most) {
      body = try expression.term(.json, isSearch: true, in: &store)
    } else if let automaton = try stringAutomaton(branch) {
      body = try store.automaton(automaton)
    } else {
      body = try store.times(character(), Int32(branch.minLength), Int32(most))
    }
    return try store.sequence([quote, body, quote])
  }

  /// The only pattern with the lengths in it, where that needs no automaton, which would count every
  /// character in states of its own.
  private func boundedExpression(_ branch: SchemaBranch, _ most: Int) -> Expression? {
    guard branch.minLength > 0 || branch.maxLength != nil, branch.patterns.count == 1,
      branch.patterns[0].isPositive, branch.formats.isEmpty, branch.excluded.isEmpty,
      let expression = try? ExpressionParser.parse(branch.patterns[0].source)
    else { return nil }
    return expression.withLengths(
      least: Int32(clamping: branch.minLength), most: Int32(clamping: most))
  }

  /// The insides of strings; nil where lengths alone say what they are.
  private mutating func stringAutomaton(
    _ branch: SchemaBranch
  ) throws(ConstraintError) -> Automaton? {
    let excluded = branch.excluded.compactMap(\.stringValue)
    var result: Automaton?
    for pattern in branch.patterns + branch.formats where pattern.isPositive {
      result = try at(pattern.place, or: result, isLeftOut: true) {
        compiler throws(ConstraintError) in
        let automaton = try compiler.automaton(of: pattern)
        return try result?.intersection(automaton, compiler.limits) ?? automaton
      }
    }
    let denied = (branch.patterns + branch.formats).filter { !$0.isPositive }
    if result == nil, denied.isEmpty, excluded.isEmpty { return nil }
    if result == nil || branch.minLength > 0 || branch.maxLength != nil {
      let place =
        (branch.patterns + branch.formats).first?.place ?? KeywordPlace(node: 0, keyword: "")
      result = try at(place, or: result, isLeftOut: true) { compiler throws(ConstraintError) in
        let lengths = try Automaton.repeated(
          CommonAutomata.character(), least: branch.minLength, most: branch.maxLength,
          compiler.limits)
        return try result?.intersection(lengths, compiler.limits) ?? lengths
      }
    }
    for pattern in denied {
      result = try at(pattern.place, or: result, isLeftOut: true) {
        compiler throws(ConstraintError) in
        try result?.subtracting(compiler.automaton(of: pattern), compiler.limits)
      }
    }
    if !excluded.isEmpty {
      let texts = try Automaton(choices: excluded.map { Spelling.json.bytes(of: $0) }, limits)
      result = try result?.subtracting(texts, limits)
    }
    return result
  }

  private mutating func automaton(
    of pattern: SchemaBranch.Pattern
  ) throws(ConstraintError) -> Automaton {
    if pattern.place.keyword == "format",
      let automaton = try CommonAutomata.format(pattern.source)
    {
      return automaton
    }
    return try automaton(ofPattern: pattern.source)
  }

  /// The insides of strings in which a pattern occurs; made once.
  mutating func automaton(ofPattern source: String) throws(ConstraintError) -> Automaton {
    if let known = patternAutomata[source] { return known }
    try budget.take(conditions: source.utf8.count)
    let automaton = try Self.automaton(pattern: source, limits)
    patternAutomata[source] = automaton
    return automaton
  }

  /// The insides of strings in which `pattern` occurs.
  static func automaton(
    pattern: String, _ limits: ConstraintLimits
  ) throws(ConstraintError) -> Automaton {
    let expression = try ExpressionParser.parse(pattern)
    return try Automaton(limits) { store throws(ConstraintError) in
      try expression.term(.json, isSearch: true, in: &store)
    }
  }

  // MARK: Numbers

  /// Digits that an exclusive bound leaves to a number: those that a `Double` tells apart.
  private static let exactDigits = 15

  /// Numbers in their one spelling.
  mutating func numberTerm(_ branch: SchemaBranch) throws(ConstraintError) -> Term {
    let excluded = branch.excluded.compactMap { DecimalText($0)?.bytes }
    var numbers = NumberTexts(limits: limits)
    if let bound = (branch.lower + branch.upper).filter(\.isExclusive)
      .max(by: { $0.value.integer.count < $1.value.integer.count })
    {
      numbers.mostPlaces = max(
        1, Self.exactDigits - bound.value.integer.count, bound.value.fraction.count + 1)
    }
    var result =
      switch branch.types.intersection(.number) {
      case .integer: try CommonAutomata.integers()
      case .fraction: try numbers.all().subtracting(CommonAutomata.integers(), limits)
      default: try numbers.all()
      }
    if let count = options.digitCount {
      result = try result.intersection(numbers.short(max(1, count)), limits)
    }
    for bound in branch.lower {
      result = try result.intersection(
        numbers.atLeast(bound.value, isExclusive: bound.isExclusive), limits)
    }
    for bound in branch.upper {
      result = try result.subtracting(
        numbers.atLeast(bound.value, isExclusive: !bound.isExclusive), limits)
    }
    for (factor, isPositive, place) in branch.multiples {
      result = try at(place, or: result, isLeftOut: true) {
        compiler throws(ConstraintError) in
        let multiples = try numbers.multiples(of: factor)
        return isPositive
          ? try result.intersection(multiples, compiler.limits)
          : try result.subtracting(multiples, compiler.limits)
      }
    }
    if !excluded.isEmpty {
      result = try result.subtracting(Automaton(choices: excluded, limits), limits)
    }
    return try store.automaton(result)
  }
}
