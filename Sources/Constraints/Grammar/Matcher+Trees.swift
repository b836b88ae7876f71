// Reading many texts at once: a walk through a tree of them.

extension Matcher {
  /// Walks through a tree along the strings that may stand after `term`. Calls `body` with each node
  /// below `node` that can be reached, and with what remains there; where it says no, nodes below that
  /// one are left out.
  @inline(__always)
  private mutating func walk(
    _ tree: ByteTree, below node: Int32, from term: Term,
    _ body: (_ matcher: inout Matcher, _ node: Int32, _ next: Term) throws(ConstraintError) -> Bool
  ) throws(ConstraintError) {
    /// The nodes that are still to be looked at on each level, and what remains before them.
    var open: [(nodes: Range<Int32>, term: Term, first: ByteSet)] = []
    open.reserveCapacity(tree.depth + 1)
    var nodes = tree.childNodes(of: node)
    var term = term
    var first = firstBytes(of: term)
    while true {
      guard let node = nodes.first else {
        guard let (outerNodes, outerTerm, outerFirst) = open.popLast() else { return }
        (nodes, term, first) = (outerNodes, outerTerm, outerFirst)
        continue
      }
      nodes = node + 1..<nodes.upperBound
      let byte = tree.bytes[Int(node)]
      guard first.contains(byte) else { continue }
      let next = try advance(term, byte)
      if next == .never { continue }
      guard try body(&self, node, next) else { continue }
      let below = tree.childNodes(of: node)
      if below.isEmpty || next == .empty { continue }
      if !nodes.isEmpty { open.append((nodes, term, first)) }
      if next != term { first = firstBytes(of: next) }
      (nodes, term) = (below, next)
    }
  }

  /// Calls `body` with each number whose string may stand after `term`, and with what remains.
  package mutating func visit(
    _ tree: ByteTree, from term: Term,
    _ body: (_ number: Int32, _ next: Term) throws(ConstraintError) -> Void
  ) throws(ConstraintError) {
    try walk(tree, below: ByteTree.root, from: term) {
      (_, node, next) throws(ConstraintError) in
      try tree.forEachNumber(at: node) { number throws(ConstraintError) in
        try body(number, next)
      }
      return true
    }
  }

  /// Calls `body` with each node that can be reached from `term`, the root first, with its depth, and
  /// with what remains there.
  package mutating func visitNodes(
    _ tree: ByteTree, from term: Term,
    _ body: (
      _ matcher: inout Matcher, _ node: Int32, _ depth: Int, _ next: Term
    ) throws(ConstraintError) -> Void
  ) throws(ConstraintError) {
    var level: [(node: Int32, term: Term)] = [(ByteTree.root, term)]
    var depth = 0
    while !level.isEmpty {
      var below: [(node: Int32, term: Term)] = []
      for (node, term) in level {
        try body(&self, node, depth, term)
        let first = firstBytes(of: term)
        for child in tree.childNodes(of: node) where first.contains(tree.bytes[Int(child)]) {
          let next = try advance(term, tree.bytes[Int(child)])
          if next != .never { below.append((child, next)) }
        }
      }
      level = below
      depth += 1
    }
  }

  /// Sets the bit of each number whose string, from `node` on, may stand after `term`, and adds what
  /// remains after any of them to `reached`, each once.
  package mutating func allow(
    _ tree: ByteTree, below node: Int32 = ByteTree.root, from term: Term, in bits: inout [UInt64],
    reached: inout Set<Term>
  ) throws(ConstraintError) {
    var last = Term.never
    try walk(tree, below: node, from: term) { (_, node, next) throws(ConstraintError) in
      guard tree.numbers[Int(node)] >= 0 else { return true }
      if next != last {
        reached.insert(next)
        last = next
      }
      tree.forEachNumber(at: node) { number in
        bits[Int(number >> 6)] |= 1 << UInt64(number & 63)
      }
      return true
    }
  }

  /// What may stand after the first part of a sequence, as far as it lies within the part.
  ///
  /// - Parameters:
  ///   - head: not satisfied by the empty text.
  ///   - count: numbers are below it.
  package mutating func strings(
    of tree: ByteTree, within head: Term, count: Int
  ) throws(ConstraintError) -> HeadStrings {
    var result = HeadStrings(bits: [UInt64](repeating: 0, count: (count + 63) / 64))
    var last = Term.never
    try walk(tree, below: ByteTree.root, from: head) {
      (matcher, node, next) throws(ConstraintError) in
      if tree.numbers[Int(node)] >= 0 {
        if next != last {
          result.reached.insert(next)
          last = next
        }
        tree.forEachNumber(at: node) { number in
          result.bits[Int(number >> 6)] |= 1 << UInt64(number & 63)
        }
      }
      guard matcher.isComplete(next) else { return true }
      result.crossings.append(HeadStrings.Crossing(term: next, node: node))
      return false
    }
    return result
  }

  /// What remains of a sequence of which `part` remains of the first part.
  package mutating func sequence(_ part: Term, _ rest: Term) throws(ConstraintError) -> Term {
    try followed(part, by: rest)
  }
}

/// The strings of a tree that go on with a part of a grammar. Where values are nested, what follows is
/// different at each depth, and the parts are few.
package struct HeadStrings: Sendable {
  /// A place in the tree at which the part may be over, so that what follows it counts.
  package struct Crossing: Sendable {
    /// What remains of the part there; the empty text is enough for it.
    package let term: Term
    package let node: Int32
  }

  /// Those that lie within the part, but for what is below crossings.
  package fileprivate(set) var bits: [UInt64]
  /// What remains of the part after any of them.
  package fileprivate(set) var reached: Set<Term> = []
  package fileprivate(set) var crossings: [Crossing] = []
}
