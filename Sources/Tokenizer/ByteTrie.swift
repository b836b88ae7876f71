// A tree of byte strings: which strings begin here, and which is the longest.

/// Numbers of byte strings, found from where they begin in a text.
struct ByteTrie: Sendable {
  /// The tree before any byte.
  static let root: Int32 = 0
  /// No such branch.
  static let none: Int32 = -1

  /// By node: the number of the string that ends there, or `none`.
  private var values: [Int32] = [none]
  /// A branch: where it comes from (node << 8 | byte, plus one; 0 is an empty slot), where it goes.
  private struct Edge: Sendable {
    var key: UInt64 = 0
    var node: Int32 = 0
  }

  /// A hash table of the branches that do not start at the root.
  private var edges = [Edge](repeating: Edge(), count: 64)
  /// The branches of the root, by byte.
  private var first = [Int32](repeating: none, count: 256)

  /// Whether there are no strings.
  var isEmpty: Bool { values.count == 1 }

  @inline(__always)
  private static func place(_ key: UInt64, _ count: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & (count - 1)
  }

  /// Adds a string, which must not be empty; of equal strings the last one's number counts.
  mutating func insert(_ bytes: ArraySlice<UInt8>, number: Int32) {
    var node = Self.root
    for byte in bytes { node = child(of: node, byte) ?? grow(node, byte) }
    values[Int(node)] = number
  }

  private func child(of node: Int32, _ byte: UInt8) -> Int32? {
    let child = self.node(after: node, byte)
    return child == Self.none ? nil : child
  }

  private mutating func grow(_ node: Int32, _ byte: UInt8) -> Int32 {
    let child = Int32(values.count)
    values.append(Self.none)
    if node == Self.root {
      first[Int(byte)] = child
      return child
    }
    if values.count * 2 > edges.count {
      let old = edges
      edges = [Edge](repeating: Edge(), count: old.count * 2)
      for edge in old where edge.key != 0 { enter(edge) }
    }
    enter(Edge(key: Self.key(node, byte), node: child))
    return child
  }

  private mutating func enter(_ edge: Edge) {
    var place = Self.place(edge.key, edges.count)
    while edges[place].key != 0 { place = (place + 1) & (edges.count - 1) }
    edges[place] = edge
  }

  @inline(__always)
  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 {
    (UInt64(node) << 8 | UInt64(byte)) + 1
  }

  /// The node reached from `node` by `byte`, or `none`.
  @inline(__always)
  func node(after node: Int32, _ byte: UInt8) -> Int32 {
    if node == Self.root { return first[Int(byte)] }
    let key = Self.key(node, byte)
    var place = Self.place(key, edges.count)
    while edges[place].key != key {
      if edges[place].key == 0 { return Self.none }
      place = (place + 1) & (edges.count - 1)
    }
    return edges[place].node
  }

  /// The number of the string that ends at `node`, or `none`.
  @inline(__always)
  func value(at node: Int32) -> Int32 { values[Int(node)] }

  /// The longest string that begins at `start` and ends at `end` or before: its number and length.
  func longestMatch(in bytes: [UInt8], from start: Int, to end: Int) -> (Int32, length: Int)? {
    var node = Self.root
    var match: (Int32, length: Int)?
    var position = start
    while position < end {
      node = self.node(after: node, bytes[position])
      if node == Self.none { break }
      position += 1
      let value = value(at: node)
      if value != Self.none { match = (value, position - start) }
    }
    return match
  }
}
