// Byte-pair encoding's merges as a hash table from two symbols to one.

/// Merges listed as pairs.
struct PairMerges: MergeRule {
  /// Pairs by place, 0 where there is none.
  private var keys: [UInt64]
  /// By place, as `MergeRule.merge` has it.
  private var results: [UInt64]
  /// A bit for each pair, at a place of its own: most pairs that are asked for do not merge, and
  /// this says so from a table that is 16 times smaller.
  private var filter: [UInt64]
  private let shift: UInt64

  /// A table with room for `capacity` pairs.
  init(capacity: Int) {
    var bits = 6
    while 1 << bits < capacity * 2 { bits += 1 }
    keys = [UInt64](repeating: 0, count: 1 << bits)
    results = [UInt64](repeating: 0, count: 1 << bits)
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

  /// Enters a pair unless it is there already. There must be room.
  mutating func enter(_ left: Int32, _ right: Int32, priority: Int, symbol: Int32) {
    let key = Self.key(left, right)
    let hash = Self.hash(key)
    var place = Int(truncatingIfNeeded: hash >> shift)
    while keys[place] != 0 {
      if keys[place] == key { return }
      place = (place + 1) & (keys.count - 1)
    }
    keys[place] = key
    results[place] = UInt64(priority) << 32 | UInt64(UInt32(bitPattern: symbol))
    filter[Int(truncatingIfNeeded: hash >> 6) & (filter.count - 1)] |= 1 << (hash & 63)
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
    while keys[place] != key {
      if keys[place] == 0 { return noMerge }
      place = (place + 1) & (keys.count - 1)
    }
    return results[place]
  }
}
