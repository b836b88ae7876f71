// Many texts as a tree, so that what they begin with is read once for all of them.

/// Byte strings with numbers, as a tree whose nodes stand in the order of a walk.
package struct ByteTree: Sendable {
  /// The byte that leads to each node.
  private(set) var bytes: [UInt8] = []
  /// Bytes before that one.
  private(set) var depths: [Int32] = []
  /// The first node that is not below it.
  private(set) var ends: [Int32] = []
  /// The number of the string that ends there, -1 for none.
  private(set) var numbers: [Int32] = []
  /// By number: the next one with the same string, -1 for none.
  private(set) var others: [Int32]
  /// The longest string.
  package private(set) var depth = 0

  /// Nodes of the tree.
  package var nodeCount: Int { bytes.count }

  /// - Parameters:
  ///   - count: numbers are below it.
  ///   - order: the numbers in ascending order of their strings, none of which is empty.
  ///   - string: the bytes of a number.
  package init(count: Int, order: [Int32], _ string: (Int32) -> ArraySlice<UInt8>) {
    others = [Int32](repeating: -1, count: count)
    var open: [Int32] = []
    var previous: ArraySlice<UInt8> = []
    var previousNumber: Int32 = -1
    for number in order {
      let text = string(number)
      var shared = 0
      for (a, b) in zip(previous, text) {
        if a != b { break }
        shared += 1
      }
      if shared == text.count, shared == previous.count, previousNumber >= 0 {
        others[Int(previousNumber)] = number
        previousNumber = number
        continue
      }
      while open.count > shared { ends[Int(open.removeLast())] = Int32(bytes.count) }
      for byte in text.dropFirst(shared) {
        open.append(Int32(bytes.count))
        bytes.append(byte)
        depths.append(Int32(open.count - 1))
        ends.append(0)
        numbers.append(-1)
      }
      numbers[numbers.count - 1] = number
      depth = max(depth, text.count)
      previous = text
      previousNumber = number
    }
    while let node = open.popLast() { ends[Int(node)] = Int32(bytes.count) }
  }

  /// The lengths of the strings that `text` begins with from `start` on.
  package func prefixLengths(of text: [UInt8], from start: Int) -> [Int] {
    var result: [Int] = []
    var node = 0
    var end = bytes.count
    var position = start
    while position < text.count {
      while node < end, bytes[node] < text[position] { node = Int(ends[node]) }
      guard node < end, bytes[node] == text[position] else { break }
      position += 1
      if numbers[node] >= 0 { result.append(position - start) }
      end = Int(ends[node])
      node += 1
    }
    return result
  }
}

extension Matcher {
  /// Calls `body` with each number whose string may stand after `term`, and with what remains.
  package mutating func visit(
    _ tree: ByteTree, from term: Term,
    _ body: (_ number: Int32, _ next: Term) throws(ConstraintError) -> Void
  ) throws(ConstraintError) {
    try visit(tree, 0..<tree.nodeCount, from: term, body)
  }

  /// As above, for nodes that stand side by side and all that is below them.
  mutating func visit(
    _ tree: ByteTree, _ nodes: Range<Int>, from term: Term,
    _ body: (_ number: Int32, _ next: Term) throws(ConstraintError) -> Void
  ) throws(ConstraintError) {
    guard let first = nodes.first else { return }
    var terms = [Term](repeating: .never, count: tree.depth + 1)
    terms[Int(tree.depths[first])] = term
    var node = first
    while node < nodes.upperBound {
      let depth = Int(tree.depths[node])
      let next = try advance(terms[depth], tree.bytes[node])
      if next == .never {
        node = Int(tree.ends[node])
        continue
      }
      terms[depth + 1] = next
      var number = tree.numbers[node]
      while number >= 0 {
        try body(number, next)
        number = tree.others[Int(number)]
      }
      node += 1
    }
  }

  /// Sets the bit of each number whose string may stand after `term`. Gives the bytes of the longest
  /// of the shortest ways to an end after them.
  package mutating func allow(
    _ tree: ByteTree, from term: Term, in bits: inout [UInt64]
  ) throws(ConstraintError) -> Int {
    try allow(tree, 0..<tree.nodeCount, from: term, in: &bits)
  }

  /// As above, for nodes that stand side by side and all that is below them.
  mutating func allow(
    _ tree: ByteTree, _ nodes: Range<Int>, from term: Term, in bits: inout [UInt64]
  ) throws(ConstraintError) -> Int {
    guard let first = nodes.first else { return 0 }
    var farthest: Int32 = 0
    var terms = [Term](repeating: .never, count: tree.depth + 1)
    terms[Int(tree.depths[first])] = term
    var node = first
    let count = nodes.upperBound
    while node < count {
      let depth = Int(tree.depths[node])
      let next = try advance(terms[depth], tree.bytes[node])
      if next == .never {
        node = Int(tree.ends[node])
        continue
      }
      terms[depth + 1] = next
      var number = tree.numbers[node]
      if number >= 0 {
        farthest = max(farthest, store.distance[Int(next)])
        repeat {
          bits[Int(number >> 6)] |= 1 << UInt64(number & 63)
          number = tree.others[Int(number)]
        } while number >= 0
      }
      node += 1
    }
    return Int(farthest)
  }
}
