// What may stand after the first part of a sequence, found once for all that may follow the part.
// Where values are nested, what follows is different at each depth, and the parts are few.

/// The strings of a tree that go on with a part of a grammar.
package struct HeadStrings: Sendable {
  /// A place in the tree at which the part may be over, so that what follows it counts.
  struct Crossing: Sendable {
    /// What remains of the part there; the empty text is enough for it.
    let term: Term
    /// The nodes below.
    let nodes: Range<Int>
  }

  /// Those that lie within the part: by number, and by what remains of the part after them.
  fileprivate(set) var bits: [UInt64]
  package fileprivate(set) var groups: [Term: [Int32]] = [:]
  /// The longest of the shortest ways to the part's end after them, in bytes.
  fileprivate(set) var farthest: Int32 = 0
  /// The outermost places.
  fileprivate(set) var crossings: [Crossing] = []
}

extension Matcher {
  /// Reads a tree from a part on, as if nothing followed.
  ///
  /// - Parameters:
  ///   - head: not satisfied by the empty text.
  ///   - count: numbers are below it.
  package mutating func strings(
    of tree: ByteTree, within head: Term, count: Int
  ) throws(ConstraintError) -> HeadStrings {
    var result = HeadStrings(bits: [UInt64](repeating: 0, count: (count + 63) / 64))
    var terms = [Term](repeating: .never, count: tree.depth + 1)
    terms[0] = head
    var node = 0
    /// Nodes before this one are below a crossing.
    var crossed = 0
    while node < tree.nodeCount {
      let depth = Int(tree.depths[node])
      let next = try advance(terms[depth], tree.bytes[node])
      let end = Int(tree.ends[node])
      if next == .never {
        node = end
        continue
      }
      terms[depth + 1] = next
      var number = tree.numbers[node]
      if number >= 0 { result.farthest = max(result.farthest, store.distance[Int(next)]) }
      while number >= 0 {
        result.bits[Int(number >> 6)] |= 1 << UInt64(number & 63)
        result.groups[next, default: []].append(number)
        number = tree.others[Int(number)]
      }
      node += 1
      if node >= crossed, node < end, isComplete(next) {
        result.crossings.append(.init(term: next, nodes: node..<end))
        crossed = end
      }
    }
    return result
  }

  /// Sets the bit of each string that may stand after a part and what follows it. Gives the bytes of
  /// the longest of the shortest ways to an end after them, at most.
  package mutating func allow(
    _ tree: ByteTree, _ head: HeadStrings, rest: Term, in bits: inout [UInt64]
  ) throws(ConstraintError) -> Int {
    for index in bits.indices { bits[index] |= head.bits[index] }
    var farthest = Int(head.farthest) + distance(rest)
    for crossing in head.crossings {
      let found = try allow(
        tree, crossing.nodes, from: followed(crossing.term, by: rest), in: &bits)
      farthest = max(farthest, found)
    }
    return farthest
  }

  /// Calls `body` with each string that lies not within the part alone.
  package mutating func visitCrossings(
    _ tree: ByteTree, _ head: HeadStrings, rest: Term,
    _ body: (_ number: Int32, _ next: Term) throws(ConstraintError) -> Void
  ) throws(ConstraintError) {
    for crossing in head.crossings {
      try visit(tree, crossing.nodes, from: followed(crossing.term, by: rest), body)
    }
  }

  /// What remains of a sequence of which `part` remains of the first part.
  package mutating func sequence(_ part: Term, _ rest: Term) throws(ConstraintError) -> Term {
    try followed(part, by: rest)
  }
}
