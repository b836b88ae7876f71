// Byte-pair encoding's merges as a hash table from two symbols to one.

/// Merges listed as pairs.
struct PairMerges: MergeRule {
  /// A merge to be entered.
  struct Merge: Sendable {
    var left: Int32
    var right: Int32
    /// What the two become.
    var whole: Int32
    /// Lowest first.
    var priority: UInt32
  }

  /// A pair, 0 where there is none, and what it merges into, as `MergeRule.merge` has it.
  private struct Entry {
    var key: UInt64 = 0
    var result: UInt64 = 0
  }

  /// By place.
  private var entries: [Entry]
  /// A bit for each pair, at a place of its own: most pairs that are asked for do not merge, and
  /// this says so from a table that is 16 times smaller.
  private var filter: [UInt64]
  private let shift: UInt64

  /// A table with room for `capacity` pairs.
  init(capacity: Int) {
    var bits = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    entries = [Entry](repeating: Entry(), count: 1 << bits)
    filter = [UInt64](repeating: 0, count: 1 << (bits - 4))
    shift = UInt64(64 - bits)
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    (UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))) &+ 1
  }

  @inline(__always)
  private static func hash(_ key: UInt64) -> UInt64 {
    let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }

  /// Enters merges, in any order: of equal pairs the one that comes first in its list counts. There
  /// must be room.
  mutating func enter(_ merges: [Merge]) {
    let mask = entries.count - 1
    // In step, so that the waits for memory overlap.
    let blockCount = 64
    var places = [Int](repeating: 0, count: blockCount)
    var keys = [UInt64](repeating: 0, count: blockCount)
    for first in stride(from: 0, to: merges.count, by: blockCount) {
      let block = first..<min(first + blockCount, merges.count)
      for index in block {
        let hash = Self.hash(Self.key(merges[index].left, merges[index].right))
        places[index - first] = Int(truncatingIfNeeded: hash >> shift)
      }
      for index in 0..<block.count { keys[index] = entries[places[index]].key }
      for index in block {
        let merge = merges[index]
        let key = Self.key(merge.left, merge.right)
        var place = places[index - first]
        var other = keys[index - first]
        // A place that was free may have been taken by a pair of this block.
        if other == 0 { other = entries[place].key }
        while other != 0, other != key {
          place = (place + 1) & mask
          other = entries[place].key
        }
        let result = UInt64(merge.priority) << 32 | UInt64(UInt32(bitPattern: merge.whole))
        if other == key {
          entries[place].result = min(entries[place].result, result)
          continue
        }
        entries[place] = Entry(key: key, result: result)
        let hash = Self.hash(key)
        filter[Int(truncatingIfNeeded: hash >> 6) & (filter.count - 1)] |= 1 << (hash & 63)
      }
    }
  }

  @inline(__always)
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64 {
    if left < 0 || right < 0 { return noMerge }
    let key = Self.key(left, right)
    let hash = Self.hash(key)
    let bit = filter[Int(truncatingIfNeeded: hash >> 6) & (filter.count - 1)] >> (hash & 63) & 1
    if bit == 0 { return noMerge }
    var place = Int(truncatingIfNeeded: hash >> shift)
    while entries[place].key != key {
      if entries[place].key == 0 { return noMerge }
      place = (place + 1) & (entries.count - 1)
    }
    return entries[place].result
  }
}
