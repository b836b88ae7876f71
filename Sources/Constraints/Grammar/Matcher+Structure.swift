// How a term is built, for those who keep what they found out about its parts.

extension Matcher {
  /// The alternatives of a term; itself where there is one.
  package func options(of term: Term) -> [Term] {
    var result: [Term] = []
    store.appendOptions(of: term, to: &result)
    return result
  }

  /// The first part of a term, if others follow.
  package func head(of term: Term) -> (head: Term, rest: Term)? {
    guard store.kind(term) == .then else { return nil }
    let node = store.nodes[Int(term)]
    return (node.y, node.z)
  }

  /// Whether few strings go on with the term's first part, so that they are quickly looked up.
  package func isNarrow(_ term: Term) -> Bool {
    switch store.kind(head(of: term)?.head ?? term) {
    case .never, .empty, .text: true
    case .set, .automaton, .then, .either, .times, .rule: false
    }
  }

  /// Whether free words may go on with a term, which say nowhere themselves that they end.
  package func isWithinWords(_ term: Term) -> Bool {
    options(of: term).contains { option in
      let first = head(of: option)?.head ?? option
      guard store.kind(first) == .automaton else { return false }
      return store.automata[Int(store.nodes[Int(first)].y)].isWords
    }
  }

  /// What the shortest text of a term is put together from.
  package enum Shortest {
    case text([UInt8])
    /// One after the other.
    case parts([Term])
    /// The first of the shortest texts of these.
    case oneOf([Term])
    case repeated(Term, count: Int)
  }

  /// How the shortest text is put together. Parts whose shortest text is empty are left out.
  package mutating func shortestParts(of term: Term) throws(ConstraintError) -> Shortest {
    let node = store.nodes[Int(term)]
    if isComplete(term) { return .parts([]) }
    switch store.kind(term) {
    case .never, .empty: return .parts([])
    case .text: return .text(Array(store.texts[Int(node.y)..<Int(node.z)]))
    case .set, .automaton: return .text(try shortest(from: term))
    case .then: return .parts([node.y, node.z].filter { !isComplete($0) })
    case .either:
      return .oneOf(options(of: term).filter { distance($0) == distance(term) })
    case .times: return .repeated(node.y, count: Int(node.z))
    case .rule: return .parts(store.rules[Int(node.y)].map { [$0] } ?? [])
    }
  }

  /// What a term repeats, and how often; nil where it is no repetition, or where it is not certain
  /// from the bytes where one ends and the next begins.
  package func repetition(of term: Term) -> Repetition? {
    guard store.kind(term) == .times else { return nil }
    let node = store.nodes[Int(term)]
    switch store.kind(node.y) {
    case .set: break
    case .automaton:
      let automaton = store.automata[Int(store.nodes[Int(node.y)].y)]
      for state in 0..<Int32(automaton.stateCount)
      where automaton.accepting[Int(state)] && !automaton.isLast(state) { return nil }
    default: return nil
    }
    return Repetition(
      body: node.y, least: Int(node.z), most: node.w == unbounded ? nil : Int(node.w))
  }

  /// How often something stands.
  package struct Repetition {
    package let body: Term
    package let least: Int
    /// Nil for no bound.
    package let most: Int?
  }

  /// Whether a term is a character inside of a JSON string.
  package func isStringCharacter(_ term: Term) -> Bool {
    guard store.kind(term) == .automaton, let common = try? CommonAutomata.character() else {
      return false
    }
    let node = store.nodes[Int(term)]
    let automaton = store.automata[Int(node.y)]
    return node.z == 0 && automaton.next == common.next && automaton.accepting == common.accepting
      && automaton.classes.classOf == common.classes.classOf
  }

  /// `body` repeated.
  ///
  /// - Parameter most: nil for no bound.
  package mutating func repeated(
    _ body: Term, least: Int = 0, most: Int?
  ) throws(ConstraintError) -> Term {
    try store.times(body, Int32(clamping: least), most.map { Int32(clamping: $0) } ?? unbounded)
  }
}
