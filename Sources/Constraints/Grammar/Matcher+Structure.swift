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

  /// What a term repeats, and how often at most; nil where it is no repetition, or where it is not
  /// certain from the bytes where one ends and the next begins.
  package func repetition(of term: Term) -> (body: Term, most: Int?)? {
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
    return (node.y, node.w == unbounded ? nil : Int(node.w))
  }

  /// Whether a term is an automaton's, in some state of it.
  package func isAutomaton(_ term: Term) -> Bool { store.kind(term) == .automaton }

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

  /// `body` repeated, at most `most` times; nil for no bound.
  package mutating func repeated(_ body: Term, most: Int?) throws(ConstraintError) -> Term {
    try store.times(body, 0, most.map { Int32(clamping: $0) } ?? unbounded)
  }

  /// Bytes that lead from within `body` to its end, at most.
  package func longestRest(of body: Term) -> Int {
    guard store.kind(body) == .automaton else { return 1 }
    return Int(store.automata[Int(store.nodes[Int(body)].y)].distance.max() ?? 0)
  }

  /// Whether no byte begins both terms.
  package mutating func beginDifferently(_ a: Term, _ b: Term) throws(ConstraintError) -> Bool {
    for byte in classes.representatives {
      if try advance(a, byte) != .never, try advance(b, byte) != .never { return false }
    }
    return true
  }
}
