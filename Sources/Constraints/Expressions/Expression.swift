// A regular expression as a tree, and the terms that it becomes.

/// A regular expression. Groups that capture are groups; lazy repetition is repetition: what is
/// captured and in which order is tried makes no difference for which texts match.
indirect enum Expression: Equatable {
  case characters(ScalarSet)
  case sequence([Expression])
  case choice([Expression])
  /// `most` is `unbounded` for no bound.
  case times(Expression, least: Int32, most: Int32)
  /// `^`
  case beginning
  /// `$`
  case end
  /// `(?=…)` and `(?!…)`: what follows begins with a match of it, or with none.
  case ahead(Expression, isPositive: Bool)

  /// The texts that match from beginning to end.
  ///
  /// - Parameter isSearch: whether texts that only contain a match are meant as well, as JSON
  ///   Schema has it; `^` and `$` then say that nothing may stand before or after.
  func term(
    _ spelling: Spelling, isSearch: Bool, in store: inout TermStore
  ) throws(ConstraintError) -> Term {
    try term(spelling, opensBefore: isSearch, opensBehind: isSearch, in: &store)
  }

  /// - Parameters:
  ///   - opensBefore: whether anything may stand before what matches, unless it begins with `^`.
  ///   - opensBehind: whether anything may stand behind it, unless it ends with `$`.
  private func term(
    _ spelling: Spelling, opensBefore: Bool, opensBehind: Bool, in store: inout TermStore
  ) throws(ConstraintError) -> Term {
    var options: [Term] = []
    for (body, hasBeginning, hasEnd) in Self.anchored(self) {
      let isOpen = (before: opensBefore && !hasBeginning, behind: opensBehind && !hasEnd)
      // Where nothing stands before, looking ahead is looking at the whole text.
      let (aheads, rest) = isOpen.before ? ([], body) : Self.aheads(of: body)
      func whole(_ store: inout TermStore) throws(ConstraintError) -> Term {
        let any =
          try isOpen.before || isOpen.behind
          ? store.times(spelling.term(of: .all, in: &store), 0, unbounded) : .empty
        let term = try Self.term(of: rest, spelling, in: &store)
        return try store.sequence([
          isOpen.before ? any : .empty, term, isOpen.behind ? any : .empty,
        ])
      }
      options.append(
        try aheads.isEmpty
          ? whole(&store) : Self.term(of: aheads, spelling, in: &store, limiting: whole))
    }
    return try store.either(options)
  }

  /// The texts of `whole` of which all of `aheads` hold at their beginning.
  private static func term(
    of aheads: [(body: Expression, isPositive: Bool)], _ spelling: Spelling,
    in store: inout TermStore,
    limiting whole: (inout TermStore) throws(ConstraintError) -> Term
  ) throws(ConstraintError) -> Term {
    var result = try Automaton(store.limits, whole)
    for (body, isPositive) in aheads {
      let beginnings = try Automaton(store.limits) { store throws(ConstraintError) in
        try body.term(spelling, opensBefore: false, opensBehind: true, in: &store)
      }
      result =
        try isPositive
        ? result.intersection(beginnings, store.limits.ofOneAutomaton)
        : result.subtracting(beginnings, store.limits.ofOneAutomaton)
    }
    return try store.automaton(result)
  }

  /// What stands at the beginning and looks ahead, and the rest.
  private static func aheads(
    of expression: Expression
  ) -> (aheads: [(body: Expression, isPositive: Bool)], rest: Expression) {
    var parts = [expression][...]
    if case .sequence(let all) = expression { parts = all[...] }
    var aheads: [(body: Expression, isPositive: Bool)] = []
    while case .ahead(let body, let isPositive)? = parts.first {
      aheads.append((body, isPositive))
      parts.removeFirst()
    }
    return aheads.isEmpty ? ([], expression) : (aheads, .sequence(Array(parts)))
  }

  /// The same with bounds on the number of characters, where it is one set of characters again and
  /// again from beginning to end; nil for any other expression.
  func withLengths(least: Int32, most: Int32) -> Expression? {
    guard case .sequence(let parts) = self, parts.count == 3, parts[0] == .beginning,
      parts[2] == .end, case .times(.characters(let set), let fewest, let longest) = parts[1],
      max(fewest, least) <= min(longest, most)
    else { return nil }
    let bounded = Expression.times(
      .characters(set), least: max(fewest, least), most: min(longest, most))
    return .sequence([.beginning, bounded, .end])
  }

  /// The alternatives of an expression without the anchors that stand at their ends.
  private static func anchored(
    _ expression: Expression
  ) -> [(body: Expression, hasBeginning: Bool, hasEnd: Bool)] {
    switch expression {
    case .choice(let options): return options.flatMap(anchored)
    case .sequence(let parts):
      if parts.count == 1 { return anchored(parts[0]) }
      var body = parts[...]
      var (hasBeginning, hasEnd) = (false, false)
      while body.first == .beginning {
        hasBeginning = true
        body.removeFirst()
      }
      while body.last == .end {
        hasEnd = true
        body.removeLast()
      }
      if body.count == 1, body.count < parts.count {
        return anchored(body[body.startIndex]).map {
          ($0.body, $0.hasBeginning || hasBeginning, $0.hasEnd || hasEnd)
        }
      }
      return [(.sequence(Array(body)), hasBeginning, hasEnd)]
    case .beginning: return [(.sequence([]), true, false)]
    case .end: return [(.sequence([]), false, true)]
    default: return [(expression, false, false)]
    }
  }

  private static func term(
    of expression: Expression, _ spelling: Spelling, in store: inout TermStore
  ) throws(ConstraintError) -> Term {
    switch expression {
    case .characters(let set): return try spelling.term(of: set, in: &store)
    case .sequence(let parts):
      var terms: [Term] = []
      for part in parts { terms.append(try term(of: part, spelling, in: &store)) }
      return try store.sequence(terms)
    case .choice(let options):
      var terms: [Term] = []
      for option in options { terms.append(try term(of: option, spelling, in: &store)) }
      return try store.either(terms)
    case .times(let body, let least, let most):
      return try store.times(term(of: body, spelling, in: &store), least, most)
    case .beginning, .end:
      throw ConstraintError(
        .unsupported, "^ and $ can stand only at the beginning and the end of an alternative")
    case .ahead:
      throw ConstraintError(
        .unsupported, "looking ahead can be enforced only at the beginning, right behind ^")
    }
  }
}
