// Many texts as a tree, so that what they begin with is read once for all of them.

/// Byte strings with numbers, as a tree. The children of a node stand side by side in ascending order
/// of their bytes, and nodes stand in order of their depth; the first one is the empty string.
package struct ByteTree: Sendable {
  /// The byte that leads to each node.
  package private(set) var bytes: [UInt8] = [0]
  /// By node its first child; its last one stands before the next node's first.
  private(set) var children: [Int32] = []
  /// The number of the string that ends there, -1 for none.
  private(set) var numbers: [Int32] = [-1]
  /// By number: the next one with the same string, -1 for none.
  private(set) var others: [Int32]
  /// Bytes of the longest string.
  package private(set) var depth = 0

  /// The node that all strings begin at.
  package static let root: Int32 = 0

  package var byteCount: Int { bytes.count * 9 + others.count * 4 }

  /// - Parameters:
  ///   - order: numbers in ascending order of their strings.
  ///   - texts: all strings.
  ///   - starts: by number where its string begins in `texts`; it ends where the next one begins.
  package init(_ order: [Int32], texts: [UInt8], starts: [Int32]) {
    others = [Int32](repeating: -1, count: max(0, starts.count - 1))
    /// By node: the strings that begin with it, as a part of `order`.
    var parts = [0..<order.count]
    var node = 0
    var levelEnd = 1
    while node < bytes.count {
      if node == levelEnd {
        depth += 1
        levelEnd = bytes.count
      }
      children.append(Int32(bytes.count))
      let end = parts[node].upperBound
      var place = parts[node].lowerBound
      var last: Int32 = -1
      while place < end {
        let number = order[place]
        guard starts[Int(number)] + Int32(depth) == starts[Int(number) + 1] else { break }
        if last < 0 { numbers[node] = number } else { others[Int(last)] = number }
        last = number
        place += 1
      }
      while place < end {
        let first = place
        let byte = texts[Int(starts[Int(order[place])]) + depth]
        repeat {
          place += 1
        } while place < end
          && texts[Int(starts[Int(order[place])]) + depth] == byte
        bytes.append(byte)
        numbers.append(-1)
        parts.append(first..<place)
      }
      node += 1
    }
    children.append(Int32(bytes.count))
  }

  /// The nodes that are one byte longer than a node.
  package func childNodes(of node: Int32) -> Range<Int32> {
    children[Int(node)]..<children[Int(node) + 1]
  }

  /// The node that a byte leads to.
  private func child(of node: Int32, _ byte: UInt8) -> Int32? {
    var range = childNodes(of: node)
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      let found = bytes[Int(middle)]
      if found == byte { return middle }
      range = found < byte ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// Calls `body` with the length of each string that `text` begins with from `start` on.
  package func forEachPrefix(of text: [UInt8], from start: Int, _ body: (_ length: Int) -> Void) {
    var node = Self.root
    for position in start..<text.count {
      guard let next = child(of: node, text[position]) else { return }
      node = next
      if numbers[Int(node)] >= 0 { body(position + 1 - start) }
    }
  }

  /// Calls `body` with each number at a node and below it.
  package func forEachNumber(from node: Int32, _ body: (_ number: Int32) -> Void) {
    var open = [node]
    while let node = open.popLast() {
      forEachNumber(at: node, body)
      open += childNodes(of: node)
    }
  }

  /// Calls `body` with the numbers whose string ends at a node.
  @inline(__always)
  package func forEachNumber<Failure>(
    at node: Int32, _ body: (_ number: Int32) throws(Failure) -> Void
  ) throws(Failure) {
    var number = numbers[Int(node)]
    while number >= 0 {
      try body(number)
      number = others[Int(number)]
    }
  }
}
