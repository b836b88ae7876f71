// A hash tree over the receipts of a month, as RFC 6962 (2.1) defines it: one root stands for all of
// them, and a short path proves that a receipt is among them.

/// The tree over some leaves.
package enum MerkleTree {
  /// The hash of a leaf: a zero byte before it keeps leaves and nodes apart.
  package static func leaf(_ bytes: [UInt8]) -> [UInt8] { LibCrypto.sha256([0] + bytes) }

  /// The root over hashes of leaves; that of no leaf is the hash of nothing.
  package static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
    if leaves.count == 1, let only = leaves.first { return only }
    guard !leaves.isEmpty else { return LibCrypto.sha256([]) }
    let split = leaves.startIndex + largestPower(below: leaves.count)
    return node(root(leaves[..<split]), root(leaves[split...]))
  }

  /// The hashes beside the way from a leaf to the root, the nearest first.
  package static func path(to index: Int, in leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
    guard leaves.count > 1 else { return [] }
    let split = largestPower(below: leaves.count)
    let middle = leaves.startIndex + split
    return index < split
      ? path(to: index, in: leaves[..<middle]) + [root(leaves[middle...])]
      : path(to: index - split, in: leaves[middle...]) + [root(leaves[..<middle])]
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

  private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    LibCrypto.sha256([1] + left + right)
  }

  /// The largest power of two below a number of at least 2.
  private static func largestPower(below count: Int) -> Int {
    1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
  }
}
