// What would make reading endless or exhaust the thread's stack, found before anything is read.

extension TermStore {
  /// Refuses rules that begin with themselves, and rules that begin with each other deeper than the
  /// limit, wherever they are used. After `freeze`.
  func checkBeginnings() throws(ConstraintError) {
    var isOpen = [Bool](repeating: false, count: nodes.count)
    var isDone = isOpen
    var depths = [Int32](repeating: 0, count: nodes.count)
    var stack = Array(0..<Term(nodes.count))
    while let term = stack.last {
      let index = Int(term)
      if isDone[index] {
        stack.removeLast()
        continue
      }
      let next = beginnings(of: term)
      if isOpen[index] {
        isOpen[index] = false
        isDone[index] = true
        depths[index] = next.reduce(0) { max($0, depths[Int($1.term)] + ($1.isDeeper ? 1 : 0)) }
        guard depths[index] <= limits.depth else {
          throw ConstraintError(
            .tooComplex, "rules and groups begin with each other \(limits.depth) levels deep")
        }
        stack.removeLast()
        continue
      }
      isOpen[index] = true
      for (child, _) in next where !isDone[Int(child)] {
        if isOpen[Int(child)] {
          let name = stack.last { kind($0) == .rule && isOpen[Int($0)] }
            .map { ruleNames[Int(nodes[Int($0)].y)] }
          throw ConstraintError(
            .leftRecursion, at: name ?? "",
            "the rule begins with itself, perhaps through others: let something stand before it")
        }
        stack.append(child)
      }
    }
  }

  /// The parts that a text of `term` may begin in; deeper ones are reached by recursion.
  private func beginnings(of term: Term) -> [(term: Term, isDeeper: Bool)] {
    let node = nodes[Int(term)]
    switch kind(term) {
    case .never, .empty, .text, .set, .automaton: return []
    case .then:
      return isNullable[Int(node.y)] ? [(node.y, true), (node.z, false)] : [(node.y, true)]
    case .either: return [(node.y, true), (node.z, false)]
    case .times: return [(node.y, true)]
    case .rule: return rules[Int(node.y)].map { [($0, true)] } ?? []
    }
  }

  /// The sets of bytes that terms tell apart.
  var distinguished: Set<ByteSet> {
    var result = Set(sets)
    for byte in Set(texts) { result.insert(ByteSet([byte])) }
    for automaton in automata { result.formUnion(automaton.classes.sets) }
    return result
  }
}
