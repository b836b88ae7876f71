// A hash tree over the receipts of a month, as RFC 6962 (2.1) defines it: one root stands for all of
// them, and a short path proves that a receipt is among them.
//
// A node over 2^level leaves in a row never changes once they are all there. Whoever keeps those
// nodes finds the root and any path in as many steps as the number of leaves has binary digits.

/// The tree over some leaves.
package enum MerkleTree {
  /// A node over `2^level` leaves, the first of which is `place * 2^level`.
  package struct Place: Hashable, Sendable {
    package let level: Int
    package let place: Int

    package init(level: Int, place: Int) {
      self.level = level
      self.place = place
    }
  }

  /// Gives the hash of a node whose leaves are all there.
  package typealias Nodes = (Place) throws -> [UInt8]

  /// The hash of a leaf: a zero byte before it keeps leaves and nodes apart.
  package static func leaf(_ bytes: [UInt8]) -> [UInt8] { LibCrypto.sha256([0] + bytes) }

  /// The hash of the node over two others.
  package static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    LibCrypto.sha256([1] + left + right)
  }

  /// The nodes that are complete once the leaf at `index` is there, itself first.
  package static func completed(
    by leaf: [UInt8], at index: Int, _ nodes: Nodes
  ) rethrows -> [(place: Place, hash: [UInt8])] {
    var completed = [(place: Place(level: 0, place: index), hash: leaf)]
    while let (last, hash) = completed.last, last.place % 2 == 1 {
      let left = try nodes(Place(level: last.level, place: last.place - 1))
      completed.append(
        (Place(level: last.level + 1, place: last.place / 2), node(left, hash)))
    }
    return completed
  }

  /// The root over `count` leaves; that of no leaf is the hash of nothing.
  package static func root(count: Int, _ nodes: Nodes) rethrows -> [UInt8] {
    count == 0 ? LibCrypto.sha256([]) : try root(from: 0, count: count, nodes)
  }

  /// The hashes beside the way from a leaf to the root over `count` leaves, the nearest first.
  package static func path(
    to index: Int, count: Int, _ nodes: Nodes
  ) rethrows -> [[UInt8]] {
    var path: [[UInt8]] = []
    var (first, count) = (0, count)
    while count > 1 {
      let split = largestPower(below: count)
      if index < first + split {
        path.append(try root(from: first + split, count: count - split, nodes))
        count = split
      } else {
        path.append(try root(from: first, count: split, nodes))
        (first, count) = (first + split, count - split)
      }
    }
    return path.reversed()
  }

  /// The root over leaves in a row. Where the first of them is not 0, it is a multiple of the largest
  /// power of two that is not above their number.
  private static func root(from first: Int, count: Int, _ nodes: Nodes) rethrows -> [UInt8] {
    if count & (count - 1) == 0 {
      let level = count.trailingZeroBitCount
      return try nodes(Place(level: level, place: first >> level))
    }
    let split = largestPower(below: count)
    return node(
      try root(from: first, count: split, nodes),
      try root(from: first + split, count: count - split, nodes))
  }

  /// The root that a leaf and its path lead to; nil where the path has the wrong length.
  package static func root(
    from leaf: [UInt8], index: Int, count: Int, path: ArraySlice<[UInt8]>
  ) -> [UInt8]? {
    guard index >= 0, index < count else { return nil }
    if count == 1 { return path.isEmpty ? leaf : nil }
    guard let last = path.last else { return nil }
    let split = largestPower(below: count)
    let rest = path.dropLast()
    if index < split {
      return root(from: leaf, index: index, count: split, path: rest).map { node($0, last) }
    }
    return root(from: leaf, index: index - split, count: count - split, path: rest)
      .map { node(last, $0) }
  }

  /// The largest power of two below a number of at least 2.
  private static func largestPower(below count: Int) -> Int {
    1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
  }
}
